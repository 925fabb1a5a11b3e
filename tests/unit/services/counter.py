"""The small shop with people in it who answer: shoppers who want one, a team that speaks, the group that hears it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from commerce.clock import ManualClock
from commerce.domain.conversation import Conversation, HandoffReason, Need
from commerce.domain.customer import Contact, Customer
from commerce.domain.mail import Direction
from commerce.domain.team import Role, StaffMember, StaffSession
from commerce.ids import SeededIds
from commerce.ports import StaffChat, UnitOfWork
from commerce.services.alerting import Alerting
from commerce.services.calling_back import CallingBack
from commerce.services.handoff import Handoff, Said, TakingOver
from commerce.services.routing import Routing
from commerce.services.summing_up import SummingUp
from tests.contracts.staff_values import a_member
from tests.unit.services.conftest import LEA, Small

GROUP = Contact("telegram-staff", "staff_bot", "-100")
MINUTE = timedelta(minutes=1)
NADIA = a_member("nadia", id="a" * 32, skills=("returns",))
SAMI = a_member("sam", stores=("S2",), id="b" * 32, languages=("fr", "en"))
HUGO = a_member("hugo", Role.MARKETER, (), id="c" * 32, skills=("returns",))
OWNER = a_member("owner", Role.OWNER, (), id="d" * 32, name="Ann", languages=())


@dataclass
class Counter:
    """The small shop with people in it."""

    small: Small
    clock: ManualClock
    routing: Routing
    handoff: Handoff
    calling_back: CallingBack

    def lea(self, language: str = "fr") -> Customer:
        return self.small.storage.write(lambda uow: self.small.customers.recognise(uow, LEA, language=language))

    def hire(self, *members: StaffMember, on_duty: bool = True) -> None:
        now = self.clock.now()

        def work(uow: UnitOfWork) -> None:
            for member in members:
                assert uow.team.add(member)
                if on_duty:
                    uow.team.add_session(StaffSession(member.id * 2, member.id, now, now, now + timedelta(days=9)))

        self.small.storage.write(work)

    def wanted(self, need: Need | None = None, language: str = "fr") -> TakingOver | None:
        customer = self.lea(language)
        asked = need or Need(HandoffReason.ASKED)
        return self.small.storage.write(lambda uow: self.handoff.wanted(uow, customer, asked))

    def conversation(self) -> Conversation:
        customer = self.lea()
        with self.small.storage.read() as uow:
            found = uow.conversations.get(customer.id)
        assert found is not None
        return found

    def said(self, member: StaffMember = NADIA, **how: object) -> Said:
        customer = self.lea()
        done = self.small.storage.write(
            lambda uow: self.handoff.staff_said(uow, member, customer.id, **({"via": "web"} | how))  # type: ignore[arg-type]
        )
        assert isinstance(done, Said)
        return done

    def hears(self, text: str = "on a été coupés", contact: Contact = LEA) -> None:
        def work(uow: UnitOfWork) -> None:
            customer = self.small.customers.recognise(uow, contact)
            body = json.dumps({"text": text})
            entry = uow.threads.add(contact, Direction.IN, body, self.clock.now())
            self.handoff.heard(uow, customer.id, entry)

        self.small.storage.write(work)

    def sent(self, kind: str, contact: Contact = LEA) -> list[dict[str, object]]:
        """What lies in the lane of that contact, of that kind; takes everything out of it."""
        found = []
        while True:
            with self.small.storage.read() as uow:
                row = uow.outbox.next_in(contact.lane, self.clock.now())
            if row is None:
                return found
            if row.message.kind == kind:
                found.append(json.loads(row.message.body))
            self.small.storage.write(lambda uow, row=row: uow.outbox.sent(row.id, "x", self.clock.now()))


def open_counter(small: Small, clock: ManualClock, ids: SeededIds) -> Counter:
    """Nobody is hired yet. The group of the staff bot has topics."""
    routing, alerting = Routing(clock), Alerting(clock)
    handoff = Handoff(small.storage, clock, routing, alerting, SummingUp("fr"), timedelta(hours=12))
    small.storage.write(lambda uow: uow.staff_chats.put(StaffChat(GROUP, "", "", has_topics=True)))
    return Counter(
        small, clock, routing, handoff, CallingBack(small.storage, clock, ids, alerting, timedelta(minutes=10))
    )
