"""The counter: accept, prepare, make ready and hand over, each from what was seen last; on both databases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from commerce.domain.collecting import (
    OPEN_STAGES,
    CollectingRules,
    NotCollecting,
    NotMoved,
    NotMovedOn,
    PickUp,
    PickUpKind,
    PickUpRef,
    Stage,
)
from commerce.domain.customer import Contact
from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.reservation import Refused
from commerce.domain.team import Role, StaffMember
from commerce.ports.counter import StaffChat
from commerce.services.alerting import Alerting
from commerce.services.codes import CodeGuard
from commerce.services.collecting import Collecting
from commerce.services.coming import Coming
from commerce.services.handing_over import HandingOver
from tests.contracts.staff_values import a_member
from tests.unit.services.till import LEA, SAM, Till

GROUP = Contact("telegram-staff", "staff", "-100")


NADIA, ELSEWHERE = a_member("nadia"), a_member("elsewhere", stores=("S2",))
OWNER, MARKETER = a_member("owner", Role.OWNER, ()), a_member("hugo", Role.MARKETER)


@dataclass
class Counter:
    till: Till

    def __post_init__(self) -> None:
        till = self.till
        handing = HandingOver(till.clock, CodeGuard(till.clock), till.selling.orders, till.selling.paying)
        self.collecting = Collecting(till.clock, till.selling.orders, handing)
        self.coming = Coming(till.clock, Alerting(till.clock))
        till.storage.write(lambda uow: uow.staff_chats.put(StaffChat(GROUP, "", "S1", False)))

    def reserved(self, size: str = "38", **more: object) -> PickUpRef:
        return PickUpRef(PickUpKind.RESERVATION, self.till.reserve(size, **more).id)  # type: ignore[arg-type]

    def bought(self, **fill: object) -> PickUpRef:
        return PickUpRef(PickUpKind.ORDER, self.till.paid(**fill).order.id)

    def to_be_paid(self) -> PickUpRef:
        return PickUpRef(PickUpKind.ORDER, self.till.begun(provider="pay_in_store").order.id)

    def card(self, ref: PickUpRef) -> PickUp:
        with self.till.storage.read() as uow:
            found = uow.pick_ups.get(ref)
        assert found is not None
        return found

    def do(self, verb: str, ref: PickUpRef, version: int | None = None, *, by: StaffMember | str = NADIA):
        seen = self.card(ref).version if version is None else version
        return self.till.storage.write(lambda uow: getattr(self.collecting, verb)(uow, ref, seen, by=by))

    def says(self, verb: str, ref: PickUpRef, *words: str, contact: Contact = LEA):
        customer = self.till.customer(contact)
        return self.till.storage.write(lambda uow: getattr(self.coming, verb)(uow, ref, customer, *words))

    def hand_over(self, ref: PickUpRef, code: str = "", *, by: StaffMember = NADIA, **more):
        code = code or self.card(ref).code
        return self.till.storage.write(lambda uow: self.collecting.hand_over(uow, ref, code=code, by=by, **more))

    def history(self, ref: PickUpRef) -> list[tuple[str, str, str]]:
        with self.till.storage.read() as uow:
            return [(moment.what, moment.actor, moment.note) for moment in self.collecting.history(uow, ref)]


@pytest.fixture
def counter(till: Till) -> Counter:
    return Counter(till)


# --- step by step -----------------------------------------------------------------------------------------------------


def test_a_reservation_goes_over_the_counter(counter: Counter, till: Till):
    ref = counter.reserved()
    assert counter.card(ref).stage is Stage.NEW
    stages = []
    for verb in ("accept", "start_preparing", "ready"):
        till.clock.advance(timedelta(minutes=5))
        moved = counter.do(verb, ref)
        assert isinstance(moved, PickUp)
        stages.append(moved.stage)
    assert stages == [Stage.ACCEPTED, Stage.PREPARING, Stage.READY]
    assert counter.card(ref).details.accepted_by == "staff:nadia"
    counter.says("send_someone", ref, " Marc\n ")
    handed = counter.hand_over(ref, to="Marc")
    assert isinstance(handed, PickUp)
    assert (handed.stage, handed.details.proxy) == (Stage.HANDED, "Marc")
    assert counter.history(ref) == [
        ("new", "shopper", ""),
        ("accepted", "staff:nadia", ""),
        ("preparing", "staff:nadia", ""),
        ("ready", "staff:nadia", ""),
        ("proxy", "shopper", ""),
        ("handed", "staff:nadia", "Marc"),
    ]
    assert till.kinds_of_news() == ["pick_up_accepted", "pick_up_ready", "pick_up_handed"]
    assert till.kinds_of_news(GROUP) == ["staff_pick_up"] * 6
    assert till.stock("38") == (0, 0)
    assert till.wrong() == []


def test_a_paid_order_goes_over_the_counter(counter: Counter, till: Till):
    ref = counter.bought()
    till.news(), till.news(GROUP)
    for verb in ("accept", "start_preparing", "ready"):
        moved = counter.do(verb, ref)
        assert isinstance(moved, PickUp) and moved.due_minor == 0
    assert isinstance(counter.hand_over(ref), PickUp)
    assert [(what, actor) for what, actor, _ in counter.history(ref)] == [
        ("new", "provider:fake"),
        ("accepted", "staff:nadia"),
        ("preparing", "staff:nadia"),
        ("ready", "staff:nadia"),
        ("handed", "staff:nadia"),
    ]
    # What an order does is told by its own news: see `order_moved`.
    assert till.kinds_of_news() == ["pick_up_accepted", "order_moved", "order_moved", "order_moved"]
    assert till.wrong() == []


def test_an_order_to_be_paid_here_is_handed_over_once_it_is_paid(counter: Counter, till: Till):
    ref = counter.to_be_paid()
    assert isinstance(counter.do("ready", ref), PickUp)
    refused = counter.hand_over(ref)
    assert refused == HandOverRefused(NotHandedOver.NOT_PAID, due_minor=7900)
    handed = counter.hand_over(ref, paid=True)
    assert isinstance(handed, PickUp)
    assert (handed.stage, handed.due_minor) == (Stage.HANDED, 0)
    assert [what for what, *_ in counter.history(ref)] == ["new", "ready", "paid", "handed"]
    assert till.wrong() == []


def test_paid_at_one_store_nothing_is_taken_at_another(counter: Counter, till: Till):
    before = till.stock("38", "S2"), till.stock("38", "WEB")
    ref = counter.bought(pickup="S1")
    for verb in ("accept", "ready"):
        counter.do(verb, ref)
    counter.hand_over(ref)
    assert (till.stock("38", "S2"), till.stock("38", "WEB")) == before
    assert till.stock("38", "S1") == (0, 0)


def test_who_makes_it_ready_at_once_has_accepted_it(counter: Counter, till: Till):
    ref = counter.reserved()
    counter.do("ready", ref)
    assert counter.card(ref).details.accepted_at == till.clock.now()
    assert till.kinds_of_news() == ["pick_up_ready"]


# --- two at once ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["accept", "start_preparing", "ready"])
@pytest.mark.parametrize("what", ["reserved", "bought"])
def test_the_second_of_two_is_told_what_it_is_now(counter: Counter, what: str, verb: str):
    ref = getattr(counter, what)()
    seen = counter.card(ref).version
    counter.do("accept", ref, seen)
    late = counter.do(verb, ref, seen, by=OWNER)
    assert late == NotMovedOn(NotMoved.STALE, counter.card(ref))
    assert isinstance(late, Refused)
    assert late.now is not None and late.now.stage is Stage.ACCEPTED


def test_only_forward_and_not_from_an_end(counter: Counter, till: Till):
    ref = counter.reserved()
    counter.do("ready", ref)
    for verb in ("accept", "start_preparing", "ready"):
        assert counter.do(verb, ref).reason is NotMoved.NOT_POSSIBLE
    till.storage.write(lambda uow: till.reserving.cancel(uow, ref.id, till.customer()))
    for verb in ("accept", "start_preparing", "ready"):
        assert counter.do(verb, ref).reason is NotMoved.OVER
    refused = counter.hand_over(ref)
    assert isinstance(refused, HandOverRefused) and refused.reason is NotHandedOver.OVER


@pytest.mark.parametrize("who", [ELSEWHERE, MARKETER])
def test_what_waits_in_another_store_looks_like_nothing(counter: Counter, till: Till, who: StaffMember):
    ref = counter.reserved()
    nothing = PickUpRef(PickUpKind.RESERVATION, "nothing")
    for verb in ("accept", "start_preparing", "ready"):
        assert counter.do(verb, ref, by=who) == counter.do(verb, nothing, 1, by=who) == NotMovedOn(NotMoved.NOT_FOUND)
    assert counter.hand_over(ref, by=who) == HandOverRefused(NotHandedOver.NOT_FOUND)
    with till.storage.read() as uow:
        assert counter.collecting.get(uow, ref, by=who) is None
        assert counter.collecting.board(uow, who) == []
        for member_ in (NADIA, OWNER):
            assert [card.ref for card in counter.collecting.board(uow, member_)] == [ref]
    assert counter.card(ref).stage is Stage.NEW
    assert isinstance(counter.do("accept", ref, by="staff:x/till"), PickUp)  # a machine with a key works everywhere


def test_a_second_scan_says_when_it_was_handed_over(counter: Counter, till: Till):
    ref = counter.reserved()
    counter.do("ready", ref)
    counter.hand_over(ref, to="Marc")
    at = till.clock.now()
    till.clock.advance(timedelta(minutes=9))
    assert counter.hand_over(ref) == HandOverRefused(NotHandedOver.ALREADY, at=at, to="Marc")
    assert till.stock("38") == (0, 0)


# --- what shoppers say ------------------------------------------------------------------------------------------------


def test_they_come_by_car_and_the_bell_rings_once(counter: Counter, till: Till):
    ref = counter.reserved()
    assert counter.says("arrived", ref) == Refused(NotCollecting.NOT_READY)
    counter.do("ready", ref)
    counter.says("by_car", ref, "Clio grise")
    counter.says("on_my_way", ref)
    till.news(GROUP)
    till.clock.advance(timedelta(minutes=20))
    first = counter.says("arrived", ref)
    there = till.clock.now()
    till.clock.advance(timedelta(minutes=3))
    assert counter.says("arrived", ref) == first
    counter.says("at_spot", ref, "4")
    details = counter.card(ref).details
    assert (details.vehicle, details.spot, details.arrived_at) == ("Clio grise", "4", there)
    assert till.kinds_of_news(GROUP) == ["staff_arrived", "staff_pick_up"]
    assert [what for what, *_ in counter.history(ref)] == ["new", "ready", "coming", "arrived"]


@pytest.mark.parametrize("what", ["reserved", "to_be_paid"])
def test_nothing_runs_out_while_they_stand_there(counter: Counter, till: Till, what: str):
    ref = getattr(counter, what)()
    counter.do("ready", ref)
    ends_at = counter.card(ref).expires_at
    assert ends_at is not None
    till.clock.advance(ends_at - timedelta(minutes=5) - till.clock.now())
    counter.says("arrived", ref)

    def tick() -> Stage:
        till.reserving.expire_due()
        till.selling.paying.tick()
        return counter.card(ref).stage

    till.clock.advance(timedelta(minutes=30))
    assert tick() is Stage.READY
    assert till.stock("38") == (1, 1)
    till.clock.advance(timedelta(minutes=30))
    assert tick() is Stage.EXPIRED, "nobody stands there for ever"
    assert till.stock("38") == (1, 0)


def test_on_the_way_counts_from_the_first_time(counter: Counter, till: Till):
    ref = counter.bought()
    counter.says("on_my_way", ref)
    at = till.clock.now()
    till.clock.advance(timedelta(minutes=5))
    counter.says("on_my_way", ref)
    assert counter.card(ref).details.coming_at == at


def test_a_store_that_brings_nothing_out_says_so(counter: Counter, till: Till):
    ref = counter.reserved()
    till.storage.write(lambda uow: uow.pick_ups.put_rules(CollectingRules("S1", curbside=False)))
    assert counter.says("by_car", ref, "Clio grise") == Refused(NotCollecting.NO_CURBSIDE)


def test_only_ones_own_and_only_while_it_is_open(counter: Counter, till: Till):
    ref = counter.reserved()
    counter.do("ready", ref)
    verbs = (("send_someone", "Marc"), ("on_my_way",), ("by_car", "Clio"), ("arrived",), ("at_spot", "4"))
    for verb, *words in verbs:
        assert counter.says(verb, ref, *words, contact=SAM) == Refused(NotCollecting.NOT_FOUND)
    counter.hand_over(ref)
    for verb, *words in verbs:
        assert counter.says(verb, ref, *words) == Refused(NotCollecting.OVER)
    with till.storage.read() as uow:
        assert uow.pick_ups.open_of(till.customer()) == []


def test_what_one_has_to_collect_newest_first(counter: Counter, till: Till):
    old = counter.reserved("36")
    till.clock.advance(timedelta(minutes=1))
    new = counter.bought()
    with till.storage.read() as uow:
        assert [card.ref for card in uow.pick_ups.open_of(till.customer())] == [new, old]
        assert all(card.stage in OPEN_STAGES for card in uow.pick_ups.open_of(till.customer()))


def test_whoever_did_not_come_can_be_forgiven(counter: Counter, till: Till):
    ref = counter.reserved()
    counter.do("ready", ref)
    till.clock.advance(timedelta(days=2))
    assert till.reserving.expire_due() == 1
    customer = till.customer()

    def count() -> int:
        with till.storage.read() as uow:
            return uow.pick_ups.no_shows(customer, till.clock.now() - timedelta(days=9))

    assert count() == 1
    assert till.storage.write(lambda uow: counter.collecting.forgive_no_shows(uow, customer, by=NADIA))
    assert count() == 0
    assert not till.storage.write(lambda uow: counter.collecting.forgive_no_shows(uow, "nobody", by=NADIA))


@pytest.mark.parametrize("what", ["reserved", "bought", "to_be_paid"])
def test_the_code_is_looked_at_before_anybody_is_asked_who_came(counter: Counter, till: Till, what: str):
    ref = getattr(counter, what)()
    code = counter.card(ref).code

    def check(given: str, by: StaffMember = NADIA) -> NotHandedOver | None:
        found = till.storage.write(lambda uow: counter.collecting.check_code(uow, ref, code=given, by=by))
        return found.reason if found else None

    assert check(code) is NotHandedOver.NOT_READY
    counter.do("ready", ref)
    assert check("AAA-000") is NotHandedOver.WRONG_CODE
    assert check(code) is None, "whether it is paid is asked when it is handed over"
    assert check(code, a_member("m" * 32, stores=("S2",))) is NotHandedOver.NOT_FOUND
    for _ in range(5):
        check("AAA-000")
    assert check(code) is NotHandedOver.LOCKED
    assert counter.card(ref).stage is Stage.READY
