"""Orders moved on by staff, paid at the counter, and entered from elsewhere; on both databases."""

from __future__ import annotations

import pytest

from commerce.domain.cart import Fulfilment
from commerce.domain.collecting import PickUpKind, PickUpRef, Stage
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import NotAdvanced, NotCancelled, NotEntered, Order, OrderSource, OrderState
from commerce.domain.payment import Placed
from commerce.domain.reservation import Refused
from commerce.ports.counter import StaffChat
from commerce.services.entering import EnteredLine, EnteredOrder
from tests.unit.services.till import HOME, LEA, SAM, Till

NADIA = "staff:nadia"
PHONE = Contact("phone", "S1", "+33600000000")


def advance(till: Till, placed, to_state: OrderState, **how: object):
    order_id = till.order(placed).id
    return till.storage.write(
        lambda uow: till.selling.orders.advance(uow, order_id, to_state, actor=NADIA, **how)  # type: ignore[arg-type]
    )


def cancel(till: Till, placed: Placed, contact: Contact = LEA):
    customer = till.customer(contact)
    return till.storage.write(lambda uow: till.selling.orders.cancel(uow, placed.order.id, customer))


def pay_at_counter(till: Till, placed):
    order_id = till.order(placed).id
    return till.storage.write(lambda uow: till.selling.paying.paid_at_counter(uow, order_id, NADIA))


def test_a_paid_order_is_prepared_and_handed_over(till: Till):
    placed = till.paid()
    till.news()
    for state in (OrderState.PREPARING, OrderState.READY, OrderState.COMPLETED):
        moved = advance(till, placed, state, version=till.order(placed).version)
        assert moved.state is state
    assert till.order(placed).fulfilled_at == till.clock.now()
    assert [facts["state"] for _, facts in till.news()] == ["preparing", "ready", "completed"]
    assert till.wrong() == []


def test_whoever_saw_an_old_version_looks_again(till: Till):
    placed = till.paid()
    seen = till.order(placed).version
    advance(till, placed, OrderState.PREPARING, version=seen)
    assert advance(till, placed, OrderState.READY, version=seen) == Refused(NotAdvanced.CHANGED)
    assert advance(till, placed, OrderState.PREPARING, version=seen).state is OrderState.PREPARING, "said twice"


@pytest.mark.parametrize(
    "state", [OrderState.PENDING_PAYMENT, OrderState.PAID, OrderState.EXPIRED, OrderState.PLACED, OrderState.REFUNDED]
)
def test_staff_move_orders_only_where_people_move_them(till: Till, state: OrderState):
    placed = till.paid()
    advance(till, placed, OrderState.PREPARING)
    assert advance(till, placed, state) == Refused(NotAdvanced.NOT_ALLOWED)
    assert till.storage.write(
        lambda uow: till.selling.orders.advance(uow, "nobody", OrderState.READY, actor=NADIA)
    ) == Refused(NotAdvanced.NOT_FOUND)


def test_nobody_hands_over_what_is_being_given_back(till: Till):
    placed = till.paid()
    advance(till, placed, OrderState.CANCELLED)
    assert till.order(placed).state is OrderState.REFUND_PENDING
    for state in (OrderState.PREPARING, OrderState.READY, OrderState.SHIPPED, OrderState.COMPLETED):
        assert advance(till, placed, state) == Refused(NotAdvanced.NOT_ALLOWED)


def test_nothing_leaves_the_shop_unpaid(till: Till):
    till.fill(provider="pay_in_store")
    placed = till.place()
    assert advance(till, placed, OrderState.COMPLETED) == Refused(NotAdvanced.NOT_PAID)
    advance(till, placed, OrderState.READY)
    assert advance(till, placed, OrderState.COMPLETED) == Refused(NotAdvanced.NOT_PAID)
    assert till.stock("38") == (1, 1)
    paid = pay_at_counter(till, placed)
    assert (paid.state, paid.paid_minor) == (OrderState.READY, 7900)
    assert till.stock("38") == (0, 0)
    assert pay_at_counter(till, placed).paid_minor == 7900, "counts once"
    assert advance(till, placed, OrderState.COMPLETED).state is OrderState.COMPLETED
    with till.storage.read() as uow:
        (attempt,) = uow.payments.of_order(placed.order.id)
        (entry,) = uow.payments.ledger(attempt.id)
    assert (entry.provider, entry.reference, entry.amount.minor) == ("pay_in_store", attempt.id, 7900)
    assert till.wrong() == []


def test_paid_at_the_counter_right_away(till: Till):
    till.fill(provider="pay_in_store")
    placed = till.place()
    assert pay_at_counter(till, placed).state is OrderState.PAID
    assert advance(till, placed, OrderState.COMPLETED).state is OrderState.COMPLETED


def test_what_is_paid_online_is_not_paid_again_at_the_counter(till: Till):
    placed = till.paid()
    advance(till, placed, OrderState.READY)
    assert pay_at_counter(till, placed).paid_minor == 7900
    assert till.refunds(placed) == []
    pending = till.begun(SAM, lines={"36": 1})
    assert pay_at_counter(till, pending) == Refused(NotAdvanced.NOT_ALLOWED)


def test_nobody_comes(till: Till):
    till.fill(provider="pay_in_store")
    placed = till.place()
    other = till.fill({"36": 1}, contact=SAM, provider="pay_in_store") and till.place(SAM)
    advance(till, other, OrderState.READY)
    till.news()
    till.later(hours=34)
    assert till.order(placed).state is OrderState.EXPIRED
    assert till.order(other).state is OrderState.EXPIRED
    assert (till.stock("38"), till.stock("36")) == ((1, 0), (4, 0))
    assert till.kinds_of_news() == ["order_expired"]
    assert till.wrong() == []


def test_staff_cancel_what_is_paid_by_giving_it_back(till: Till):
    placed = till.paid()
    advance(till, placed, OrderState.PREPARING)
    moved = advance(till, placed, OrderState.CANCELLED, note="not found")
    assert moved.state is OrderState.REFUND_PENDING
    assert till.stock("38") == (1, 0)
    till.selling.paying.tick()
    assert till.order(placed).state is OrderState.REFUNDED
    till.fill(provider="pay_in_store")
    unpaid = till.place()
    assert advance(till, unpaid, OrderState.CANCELLED).state is OrderState.CANCELLED
    assert till.stock("38") == (1, 0)
    assert till.wrong() == []


@pytest.mark.parametrize("state", [OrderState.PREPARING, OrderState.READY])
def test_what_nobody_has_paid_is_called_off_until_it_is_handed_over(till: Till, state: OrderState):
    chat = StaffChat(Contact("telegram-staff", "shop", "-1001"), "", "S1", has_topics=False)
    till.storage.write(lambda uow: uow.staff_chats.put(chat))
    till.fill(provider="pay_in_store")
    placed = till.place()
    advance(till, placed, state)
    till.news(chat.contact)
    assert till.stock("38") == (1, 1)
    assert cancel(till, placed, SAM) == Refused(NotCancelled.NOT_FOUND)
    ended = cancel(till, placed)
    assert isinstance(ended, Order) and ended.state is OrderState.CANCELLED
    assert till.stock("38") == (1, 0)
    assert till.news(chat.contact) == [("staff_pick_up", {"kind": "order", "id": placed.order.id})]
    with till.storage.read() as uow:
        card = uow.pick_ups.get(PickUpRef(PickUpKind.ORDER, placed.order.id))
    assert card is not None and card.stage is Stage.CANCELLED
    assert cancel(till, placed) == Refused(NotCancelled.ALREADY_OVER)
    assert till.wrong() == []


@pytest.mark.parametrize("state", [OrderState.PREPARING, OrderState.READY])
def test_what_is_paid_and_begun_comes_back_as_a_return(till: Till, state: OrderState):
    placed = till.paid()
    advance(till, placed, state)
    before = till.stock("38")
    assert cancel(till, placed) == Refused(NotCancelled.TOO_LATE)
    assert till.order(placed).state is state and till.stock("38") == before
    with till.storage.read() as uow:
        assert not till.selling.orders.may_cancel(uow, till.order(placed))


def test_orders_are_found_by_state_source_and_store(till: Till):
    till.paid(lines={"36": 1})
    till.begun(SAM, lines={"36": 1})
    entered = enter(till, source=OrderSource.PHONE)
    with till.storage.read() as uow:
        find = till.selling.orders.find
        assert [order.state for order in find(uow, state=OrderState.PAID)] == [OrderState.PAID]
        assert [order.id for order in find(uow, source=OrderSource.PHONE)] == [entered.id]
        assert [order.id for order in find(uow, store_id="S2")] == []
        everything = find(uow)
        assert [order.number for order in everything] == sorted((o.number for o in everything), reverse=True)
        assert find(uow, before_number=everything[0].number, limit=1) == [everything[1]]
        assert len(till.selling.orders.of_customer(uow, till.customer(LEA))) == 1


# --- entered by staff


def enter(
    till: Till, *, lines: tuple[tuple[str, int], ...] = (("36", 1),), price: Money | None = None, **changes: object
):
    values: dict = {
        "source": OrderSource.COUNTER,
        "store_id": "S1",
        "lines": [EnteredLine(till.variants.get(size, 0), quantity, price) for size, quantity in lines],
        "contact": PHONE,
        "language": "fr",
        "name": "Léa",
        **changes,
    }
    return till.storage.write(lambda uow: till.selling.orders.enter(uow, EnteredOrder(**values), actor=NADIA))


def test_sold_at_the_counter(till: Till):
    order = enter(till, lines=(("36", 2), ("book", 1)), reference="receipt-7")
    assert (order.state, order.paid_minor, order.fulfilled_at) == (OrderState.COMPLETED, 17800, till.clock.now())
    assert till.stock("36") == (2, 0)
    assert enter(till, lines=(("36", 2), ("book", 1)), reference="receipt-7").id == order.id, "entered once"
    assert till.stock("36") == (2, 0)
    assert till.wrong() == []


def test_taken_on_the_phone_and_paid_when_it_is_fetched(till: Till):
    order = enter(till, source=OrderSource.PHONE, lines=(("36", 1), ("36", 2)))
    assert (order.state, order.pickup_code != "", till.stock("36")) == (OrderState.PLACED, True, (4, 3))
    assert pay_at_counter(till, order).state is OrderState.PAID
    assert till.stock("36") == (1, 0)
    assert till.news(PHONE) == [], "nobody can write there"
    assert till.wrong() == []


def test_sold_by_a_marketplace_at_its_own_price(till: Till):
    order = enter(
        till,
        source=OrderSource.MARKETPLACE,
        price=Money(6900, "EUR"),
        fulfilment=Fulfilment.DELIVERY,
        address=HOME,
        store_id="WEB",
        reference="MP-1",
        contact=Contact("marketplace", "zalando", "MP-1"),
    )
    assert (order.state, order.total_minor, order.paid_minor) == (OrderState.PAID, 7390, 7390)
    assert advance(till, order, OrderState.SHIPPED).state is OrderState.SHIPPED
    assert till.wrong() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lines": ()}, NotEntered.EMPTY),
        ({"lines": (("36", 0),)}, NotEntered.QUANTITY),
        ({"lines": (("nothing", 1),)}, NotEntered.NO_SUCH_VARIANT),
        ({"store_id": "nowhere"}, NotEntered.NO_SUCH_STORE),
        ({"lines": (("36", 5),)}, NotEntered.SOLD_OUT),
        ({"lines": (("36", 3), ("36", 2))}, NotEntered.SOLD_OUT),
        ({"source": OrderSource.PHONE, "lines": (("40", 1),)}, NotEntered.SOLD_OUT),
        ({"fulfilment": Fulfilment.DELIVERY}, NotEntered.NO_ADDRESS),
    ],
)
def test_what_cannot_be_entered(till: Till, changes: dict, reason: NotEntered):
    assert enter(till, **changes) == Refused(reason)
    assert till.stock("36") == (4, 0)
    assert till.wrong() == []


def test_a_known_person_hears_of_an_order_taken_on_the_phone(till: Till):
    order = enter(till, source=OrderSource.PHONE, contact=LEA)
    assert isinstance(order, Order)
    assert order.customer_id == till.customer(LEA)
    assert till.kinds_of_news() == ["order_placed"]
