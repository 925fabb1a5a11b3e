"""Pictures of the counter for the documentation: `python -m tests.e2e.counter_screenshots [FOLDER]` (docs/images)."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from commerce.clock import ManualClock
from commerce.domain.collecting import PickUp, PickUpKind, PickUpRef
from commerce.domain.customer import Contact
from commerce.domain.reservation import Reservation
from commerce.domain.team import Role, StaffMember
from commerce.ports import UnitOfWork
from commerce.wiring import Shop
from tests.e2e.running_shop import NoBrowser, open_browser, running_shop
from tests.e2e.screenshots import DESK, PHONE, open_page, settled
from tests.journeys.counter import session_of
from tests.unit.shoppable.staffing import add_member
from tests.unit.shoppable.talking import lea_asks
from vitrine.fixture import build_fixture

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def fill(shop: Shop) -> None:
    build_fixture(shop)
    shop.index_keeper.catch_up()


def reserve(shop: Shop, name: str, sku: str) -> PickUpRef:
    def work(uow: UnitOfWork) -> object:
        contact = Contact("telegram", "main", name)
        customer = shop.customers.recognise(uow, contact, name=name, language="fr")
        found = uow.products.by_sku(sku)
        assert found is not None
        return shop.reserving.place(
            uow, customer_id=customer.id, contact=contact, store_id="S1", lines=[(found[1].id, 1)]
        )

    made = shop.storage.write(work)
    assert isinstance(made, Reservation)
    return PickUpRef(PickUpKind.RESERVATION, made.id)


def a_morning(shop: Shop, clock: ManualClock, nadia: StaffMember) -> PickUpRef:
    """Three people want three things: one has just come in, one is being prepared, one waits outside."""

    def moved(ref: PickUpRef, how: str) -> None:
        def work(uow: UnitOfWork) -> object:
            card = uow.pick_ups.get(ref)
            assert card is not None
            return getattr(shop.collecting, how)(uow, ref, card.version, by=nadia)

        assert isinstance(shop.storage.write(work), PickUp)

    outside = reserve(shop, "Sam", "P2-blue-m")
    clock.advance(timedelta(minutes=9))
    prepared = reserve(shop, "Léa", "P3-white-42")
    clock.advance(timedelta(minutes=8))
    for ref, how in ((outside, "ready"), (prepared, "accept")):
        moved(ref, how)

    def arrived(uow: UnitOfWork) -> None:
        known = uow.pick_ups.hold_details(outside)
        assert known is not None
        from dataclasses import replace

        uow.pick_ups.put_details(replace(known, vehicle="Clio grise", spot="4", arrived_at=clock.now()))
        known = uow.pick_ups.hold_details(prepared)
        assert known is not None
        uow.pick_ups.put_details(replace(known, proxy="Marc"))

    shop.storage.write(arrived)
    clock.advance(timedelta(minutes=3))
    return reserve(shop, "Léa", "P1-navy-38")


def take(browser: Browser, address: str, shop: Shop, who: StaffMember, folder: Path, pick_up: PickUpRef) -> None:
    with shop.storage.read() as uow:
        customer_id = next(line.conversation.customer_id for line in uow.conversations.lines(silent_bot=True))
    path = f"/staff/pick-ups/{pick_up.kind.value}/{pick_up.id}"
    for name, size, language, where in (
        ("board-fr", DESK, "fr", "/staff"),
        ("board-en-phone", PHONE, "en", "/staff"),
        ("inbox-en", DESK, "en", f"/staff/inbox/{customer_id}"),
        ("inbox-fr-phone", PHONE, "fr", f"/staff/inbox/{customer_id}"),
        ("pick-up-en", DESK, "en", path),
        ("customer-en", DESK, "en", f"/staff/customers/{customer_id}"),
    ):
        page = open_page(browser, address, size, language)
        page.context.add_cookies([{"name": "vitrine_staff", "value": session_of(shop, who), "url": address}])
        page.goto(f"{where}?lang={language}")
        settled(page)
        page.wait_for_timeout(300)
        page.screenshot(path=folder / f"{name}.png")
        page.context.close()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/images")
    clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    try:
        with (
            TemporaryDirectory() as data,
            open_browser() as browser,
            running_shop(Path(data), fill, clock=clock, shop_name="Vitrine", fake_payments=True) as (shop, address),
        ):
            nadia = add_member(shop, languages=("fr", "en"))
            add_member(shop, "owner", Role.OWNER)
            newest = a_morning(shop, clock, nadia)
            lea_asks(shop, clock)
            take(browser, address, shop, nadia, folder, newest)
    except NoBrowser as reason:
        sys.exit(f"no pictures: {reason}")


if __name__ == "__main__":
    main()
