"""Who speaks for the shop: the bot, nobody yet, or a person. Whoever speaks, the other one is silent.

A conversation belongs to the customer, whichever door they use. A member who changes one says which version they saw.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from commerce.domain.answering import closed_until, usual_wait_min
from commerce.domain.conversation import Conversation, HandoffReason, Matter, Need, NotSpeaking, Voice
from commerce.domain.customer import Contact, Customer
from commerce.domain.mail import OutboundMessage
from commerce.domain.order import Order
from commerce.domain.reservation import Refused
from commerce.domain.store import Store
from commerce.domain.team import Permission, StaffMember
from commerce.errors import StaleVersion
from commerce.ports import Clock, Storage, UnitOfWork
from commerce.services.alerting import Alerting, StaffAlert
from commerce.services.routing import Routing
from commerce.services.summing_up import SummingUp
from commerce.understanding.mood import is_goodbye

NOTICE_BOT_IS_BACK = "bot_is_back"
ANSWERS_COUNTED = timedelta(days=30)  # how far back answers say how long answers take
_BATCH = 100
_TRIES = 3


@dataclass(frozen=True, slots=True)
class TakingOver:
    """What can be promised in all honesty. `minutes` None: nobody knows. `opens_at`: until then the shop is closed and
    nobody of the team is about; `timezone` is that of the store that opens."""

    conversation: Conversation
    who: StaffMember
    minutes: int | None = None
    opens_at: datetime | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Said:
    """A person has answered. `waited_s`: since the first message that nobody had answered; None when none waited."""

    conversation: Conversation
    waited_s: int | None


class Handoff:
    """All verbs but `tick` belong to the caller's unit of work. `resumes_after`: since a person's last word."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        routing: Routing,
        alerting: Alerting,
        summing_up: SummingUp,
        resumes_after: timedelta,
    ) -> None:
        self._storage, self._clock, self._routing, self._alerting = storage, clock, routing, alerting
        self._summing_up, self._resumes_after = summing_up, resumes_after

    def is_silent(self, uow: UnitOfWork, contact: Contact) -> bool:
        """Whether the bot has to be silent towards whoever writes from there."""
        customer = uow.customers.by_contact(contact)
        conversation = uow.conversations.get(customer.id) if customer else None
        return conversation is not None and conversation.bot_is_silent

    # --- on the shopper's side

    def wanted(self, uow: UnitOfWork, customer: Customer, need: Need) -> TakingOver | None:
        """From now on the bot is silent and somebody of the team is on the way. None where nobody of the team may
        answer: then the bot goes on, and nothing changes."""
        order = self._order(uow, customer.id, need)
        store_id = self._store_id(uow, customer.id, need, order)
        who = self._routing.pick(uow, language=customer.language, skill=need.matter.value, store_id=store_id)
        if who is None:
            return None
        now = self._clock.now()

        def opened(there: Conversation) -> Conversation:
            if there.bot_is_silent:
                return there
            return Conversation(
                customer_id=customer.id,
                voice=Voice.NOBODY_YET,
                reason=need.reason,
                assigned_to=who.id,
                store_id=store_id,
                language=customer.language,
                skill=need.matter.value,
                summary=self._summing_up.summary(uow, customer.id, need, order),
                asked_at=now,
                unanswered_since=now,
                version=there.version,
            )

        conversation = self._change(uow, customer.id, opened)
        uow.audit.add(f"shopper:{customer.id}", "person_wanted", customer.id, {"reason": need.reason.value}, now)
        self._tell(uow, conversation)
        return self._promise(uow, conversation, who)

    def heard(self, uow: UnitOfWork, customer_id: str, entry_id: int, *, needs_answer: bool = True) -> None:
        """The shopper wrote while the bot was silent: that entry of the thread waits for a person. A thank-you to the
        person who has just answered does not (`needs_answer`)."""
        conversation = uow.conversations.get(customer_id)
        if conversation is None:
            return
        if needs_answer or conversation.voice is not Voice.PERSON:
            uow.conversations.heard(customer_id, self._clock.now())
        facts = {"customer_id": customer_id, "entry_id": entry_id}
        self._alerting.tell(uow, StaffAlert.SAID, conversation.store_id, facts)

    def back_to_bot(self, uow: UnitOfWork, customer_id: str) -> bool:
        """The shopper wants the bot again; False when it was speaking anyway."""
        there = uow.conversations.get(customer_id)
        if there is None or not there.bot_is_silent:
            return False
        self._given_back(uow, customer_id, f"shopper:{customer_id}")
        return True

    # --- on the team's side

    def take(
        self, uow: UnitOfWork, member: StaffMember, customer_id: str, version: int
    ) -> Conversation | Refused[NotSpeaking]:
        """From now on this member answers. `version` is the one they saw, 0 where there was no conversation yet."""
        seen = self._seen(uow, member, customer_id, version)
        if isinstance(seen, Refused):
            return seen
        now = self._clock.now()
        reason = seen.reason if seen.bot_is_silent else HandoffReason.STAFF
        taken = replace(
            seen, voice=Voice.PERSON, reason=reason, assigned_to=member.id, staff_spoke_at=now, asked_at=seen.asked_at
        )
        return self._moved(uow, member, taken, "conversation_taken")

    def release(
        self, uow: UnitOfWork, member: StaffMember, customer_id: str, version: int
    ) -> Conversation | Refused[NotSpeaking]:
        """This member cannot answer after all: whoever suits next is asked, and the bot stays silent."""
        seen = self._seen(uow, member, customer_id, version)
        if isinstance(seen, Refused):
            return seen
        if not seen.bot_is_silent or (seen.assigned_to and seen.assigned_to != member.id):
            return Refused(NotSpeaking.NOT_YOURS)
        following = self._routing.pick(
            uow, language=seen.language, skill=seen.skill, store_id=seen.store_id, but=member.id
        )
        left = replace(seen, voice=Voice.NOBODY_YET, assigned_to=following.id if following else "")
        return self._moved(uow, member, left, "conversation_released")

    def give_back(
        self, uow: UnitOfWork, member: StaffMember, customer_id: str, version: int
    ) -> Conversation | Refused[NotSpeaking]:
        """The bot speaks again and says so, unless the last thing that was said is a goodbye already."""
        seen = self._seen(uow, member, customer_id, version)
        if isinstance(seen, Refused):
            return seen
        if not seen.bot_is_silent:
            return seen
        return self._given_back(uow, customer_id, f"staff:{member.id}")

    def staff_said(
        self,
        uow: UnitOfWork,
        member: StaffMember,
        customer_id: str,
        *,
        via: str,
        words: str = "",
        goodbye: bool = False,
    ) -> Said | Refused[NotSpeaking]:
        """A member has answered, on the pages, in a group or from their own telephone (`via`): the conversation is
        theirs and the bot is silent, whoever had it before. Goodbyes are said once: `words` are
        looked at for one, or the member says that it is one (`goodbye`)."""
        customer = uow.customers.get(customer_id)
        if customer is None:
            return Refused(NotSpeaking.NOT_FOUND)
        if not member.may(Permission.INBOX):
            return Refused(NotSpeaking.NOT_ALLOWED)
        now = self._clock.now()
        before: list[Conversation] = []

        def said(there: Conversation) -> Conversation:
            before[:] = [there]
            return replace(
                there,
                voice=Voice.PERSON,
                reason=there.reason if there.bot_is_silent else HandoffReason.STAFF,
                assigned_to=member.id,
                language=there.language or customer.language,
                unanswered_since=None,
                callback_offered_at=None,
                staff_spoke_at=now,
                said_goodbye_at=now if goodbye or is_goodbye(words) else None,
            )

        conversation = self._change(uow, customer.id, said)
        (there,) = before
        if there.voice is not Voice.PERSON or there.assigned_to != member.id:
            details = {"via": via[:16], "before": there.voice.value}
            uow.audit.add(f"staff:{member.id}", "conversation_taken", customer.id, details, now)
            self._tell(uow, conversation)
        since = there.unanswered_since
        return Said(conversation, None if since is None else max(0, int((now - since).total_seconds())))

    # --- time

    def tick(self) -> int:
        """Where a person's last word is long ago and nothing waits for another, the bot answers again and says
        nothing about it. How many."""
        before = self._clock.now() - self._resumes_after
        with self._storage.read() as uow:
            forgotten = [each.customer_id for each in uow.conversations.forgotten_since(before, _BATCH)]

        def resume(uow: UnitOfWork, customer_id: str) -> bool:
            there = uow.conversations.get(customer_id)
            spoke = there.staff_spoke_at if there else None
            if (
                there is None
                or there.voice is not Voice.PERSON
                or there.unanswered_since
                or not spoke
                or spoke > before
            ):
                return False
            self._given_back(uow, customer_id, "clock", silently=True)
            return True

        return sum(
            self._storage.write(lambda uow, customer_id=each: resume(uow, customer_id))  # type: ignore[misc]
            for each in forgotten
        )

    # --- how

    def _given_back(self, uow: UnitOfWork, customer_id: str, actor: str, *, silently: bool = False) -> Conversation:
        now = self._clock.now()
        told: list[bool] = []

        def given(there: Conversation) -> Conversation:
            closed = there.said_goodbye_at is not None and there.unanswered_since is None
            told[:] = [closed]
            return replace(
                there,
                voice=Voice.BOT,
                reason=None,
                assigned_to="",
                unanswered_since=None,
                callback_offered_at=None,
                said_goodbye_at=there.said_goodbye_at if closed else None,
            )

        conversation = self._change(uow, customer_id, given)
        uow.audit.add(actor, "conversation_given_back", customer_id, {}, now)
        contacts = uow.customers.contacts(customer_id)
        if actor.startswith("staff:") and contacts and not told[0]:
            body = json.dumps({"customer_id": customer_id})
            uow.outbox.add(OutboundMessage(contacts[0], NOTICE_BOT_IS_BACK, body), now)
        self._tell(uow, conversation)
        return conversation

    def _seen(
        self, uow: UnitOfWork, member: StaffMember, customer_id: str, version: int
    ) -> Conversation | Refused[NotSpeaking]:
        """The conversation as the member saw it."""
        customer = uow.customers.get(customer_id)
        if customer is None:
            return Refused(NotSpeaking.NOT_FOUND)
        if not member.may(Permission.INBOX):
            return Refused(NotSpeaking.NOT_ALLOWED)
        there = uow.conversations.get(customer.id)
        if (there.version if there else 0) != version:
            return Refused(NotSpeaking.CHANGED)
        return there or _fresh(customer.id, customer.language)

    def _moved(
        self, uow: UnitOfWork, member: StaffMember, changed: Conversation, action: str
    ) -> Conversation | Refused[NotSpeaking]:
        try:
            stored = uow.conversations.update(changed) if changed.version else self._added(uow, changed)
        except StaleVersion:
            return Refused(NotSpeaking.CHANGED)
        uow.audit.add(f"staff:{member.id}", action, stored.customer_id, {}, self._clock.now())
        self._tell(uow, stored)
        return stored

    def _change(
        self, uow: UnitOfWork, customer_id: str, change: Callable[[Conversation], Conversation]
    ) -> Conversation:
        """Whatever the version is: what is done here was done already, and has to be written down."""
        for tries_left in reversed(range(_TRIES)):
            there = uow.conversations.get(customer_id)
            changed = change(there or _fresh(customer_id))
            if there is not None and changed == there:
                return there
            try:
                return uow.conversations.update(changed) if there is not None else self._added(uow, changed)
            except StaleVersion:
                if not tries_left:
                    raise
        raise AssertionError("the last try returns or raises")

    @staticmethod
    def _added(uow: UnitOfWork, conversation: Conversation) -> Conversation:
        first = replace(conversation, version=1)
        if not uow.conversations.add(first):
            raise StaleVersion(f"somebody else began the conversation with {conversation.customer_id}")
        return first

    def _tell(self, uow: UnitOfWork, conversation: Conversation) -> None:
        facts = {"customer_id": conversation.customer_id}
        self._alerting.tell(uow, StaffAlert.CONVERSATION, conversation.store_id, facts)

    def _promise(self, uow: UnitOfWork, conversation: Conversation, who: StaffMember) -> TakingOver:
        now = self._clock.now()
        if not self._routing.is_on_duty(uow, who):
            opening = closed_until(stores_for(uow, conversation.store_id), now)
            if opening is not None:
                return TakingOver(conversation, who, opens_at=opening[0], timezone=opening[1].timezone)
        answers = sorted(uow.conversations.answers(now - ANSWERS_COUNTED), key=lambda answer: answer.at)
        waits = [answer.waited_s for answer in answers if answer.waited_s is not None]
        return TakingOver(conversation, who, minutes=usual_wait_min(waits))

    @staticmethod
    def _order(uow: UnitOfWork, customer_id: str, need: Need) -> Order | None:
        """The order that it is about: the one that was named, else the newest where orders are the matter."""
        orders = uow.orders.of_customer(customer_id)
        named = next((order for order in orders if order.number == need.order_number), None)
        return named or (orders[0] if orders and need.matter is not Matter.SIZES else None)

    @staticmethod
    def _store_id(uow: UnitOfWork, customer_id: str, need: Need, order: Order | None) -> str:
        """Where it is about: the order, what is reserved, or the store nearest to them."""
        if order is not None and (need.order_number or need.matter is not Matter.NONE):
            return order.store_id
        held = uow.reservations.of_customer(customer_id, only_open=True)
        return held[0].store_id if held else need.store_id


def stores_for(uow: UnitOfWork, store_id: str) -> list[Store]:
    """Whose hours count: that store's; every store's where it is about none, or about one that nobody visits."""
    store = uow.stores.get(store_id) if store_id else None
    return [store] if store is not None and store.takes_visitors else uow.stores.all()


def _fresh(customer_id: str, language: str = "") -> Conversation:
    """One that nobody has written down yet."""
    return Conversation(
        customer_id=customer_id,
        voice=Voice.BOT,
        reason=None,
        assigned_to="",
        store_id="",
        language=language,
        skill="",
        summary="",
        version=0,
    )
