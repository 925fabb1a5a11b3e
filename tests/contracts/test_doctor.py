"""Every invariant is broken on purpose, on both databases, and the doctor says which one and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.customer import Customer
from commerce.domain.mail import OutboundMessage
from commerce.domain.offering import ChoiceKind, Offer, OfferChoice, OfferLine, OfferState
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationLine, ReservationState
from commerce.domain.stock import MovementReason
from commerce.domain.waiting import StockWaiter, WaitState
from commerce.ports import Storage, UnitOfWork
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.storage_values import LEA, NOW, a_product, an_event, euros, put_product, put_stock
from vitrine.doctor import IndexedPictures, check

HOUR = timedelta(hours=1)


@pytest.fixture
def storage(storage: Storage) -> Iterator[Storage]:
    """A shop in the middle of its day: holds, a reservation, mail done, waiting and dead."""
    a, b, c = put_stock(storage, {"36": 5, "38": 3, "40": 2})

    def work(uow: UnitOfWork) -> None:
        uow.customers.add(Customer("lea", "Léa", "fr", NOW), LEA, NOW)
        holds = uow.stock.take("r1", [(a, 2), (b, 1)], "bellecour", "lea", NOW + HOUR, NOW)
        assert holds is not None
        lines = tuple(ReservationLine(hold.variant_id, hold.quantity, euros(7900), hold.id) for hold in holds)
        reservation = Reservation(
            "r1", "KLM-234", "lea", "bellecour", ReservationState.HELD, lines, NOW, NOW + HOUR, 0, 1, "telegram"
        )
        uow.reservations.add(reservation, LEA, ReservationEvent(NOW, None, ReservationState.HELD, "shopper"))
        uow.stock.take("h-offer", [(a, 1)], "bellecour", "lea", NOW + HOUR, NOW)
        choice = OfferChoice(1, ChoiceKind.OTHER_STORE, "bellecour", (OfferLine(a, 1, euros(7900), "h-offer"),))
        ref = PickUpRef(PickUpKind.RESERVATION, "r0")
        uow.offers.add(Offer("o1", "lea", LEA, ref, (choice,), OfferState.OPEN, NOW, NOW + HOUR))
        uow.stock.take("h-told", [(b, 1)], "bellecour", "lea", NOW + HOUR, NOW)
        waiter = StockWaiter("w1", "lea", LEA, b, "", WaitState.WAITING, NOW)
        uow.waiters.add(waiter)
        told = replace(waiter, told_at=NOW, told_store_id="bellecour", hold_id="h-told", until=NOW + HOUR)
        uow.waiters.move(told, WaitState.TOLD)
        uow.stock.take("h2", [(c, 1)], "bellecour", "sam", NOW + HOUR, NOW)
        uow.stock.consume("h2", MovementReason.COLLECT, NOW)
        uow.stock.adjust(a, "bellecour", -1, MovementReason.SALE, "receipt", NOW)
        for number in range(3):
            uow.inbox.accept(an_event(f"e{number}"), NOW)
        row = uow.inbox.next_in(LEA.lane, NOW)
        assert row is not None
        uow.inbox.done(row.id, NOW)
        uow.inbox.dead_letter(an_event("bad"), "not JSON", NOW)
        sent = [uow.outbox.add(OutboundMessage(LEA, "reply", str(number)), NOW) for number in range(3)]
        for number, row_id in enumerate(sent[:2]):
            uow.outbox.sending(row_id)
            uow.outbox.sent(row_id, f"p{number}", NOW + timedelta(seconds=number))

    storage.write(work)
    yield storage


def run(storage: Storage, *statements: str) -> None:
    def work(uow: UnitOfWork) -> None:
        assert isinstance(uow, SqlUnitOfWork)
        for statement in statements:
            uow.transaction.connection.exec_driver_sql(statement)

    storage.write(work)


def broken(
    storage: Storage, minutes: float = 0, indexed: IndexedPictures | None = None, language: str = "en"
) -> dict[str, str]:
    findings = check(storage, NOW + timedelta(minutes=minutes), indexed, language)
    assert len({finding.name for finding in findings}) == len(findings)
    return {finding.name: finding.detail for finding in findings if not finding.ok}


def detail(storage: Storage, name: str) -> str:
    return next(finding.detail for finding in check(storage, NOW) if finding.name == name)


def test_a_healthy_shop_has_nothing_broken(storage: Storage) -> None:
    findings = check(storage, NOW)
    assert {finding.name: finding.detail for finding in findings if not finding.ok} == {}
    assert len(findings) == 26
    assert detail(storage, "dead letters") == "1 events: see dead-letter list"
    assert all(set(finding.as_json()) == {"name", "ok", "detail"} for finding in findings)


@pytest.mark.parametrize(
    ("name", "says", "statements"),
    [
        (
            "held stock is what active holds promise",
            "active holds of 8",
            ["UPDATE hold SET quantity = 7 WHERE id = 'r1'"],
        ),
        (
            "open reservations have their holds, others none",
            "reservation r1 is held, its hold r1 is released",
            [
                "UPDATE stock SET held = held - 2 WHERE variant_id = (SELECT variant_id FROM hold WHERE id = 'r1')",
                "INSERT INTO stock_movement (variant_id, store_id, on_hand_change, held_change, reason, at_us)"
                " SELECT variant_id, store_id, 0, -2, 'release', 0 FROM hold WHERE id = 'r1'",
                "UPDATE hold SET state = 'released' WHERE id = 'r1'",
            ],
        ),
        (
            "open reservations have their holds, others none",
            "reservation r1 is expired, its hold r1 is active",
            ["UPDATE reservation SET state = 'expired'"],
        ),
        (
            "what is offered is held while the offer lasts",
            "offer o1 is expired, the hold h-offer of its choice 1 is active",
            ["UPDATE offer SET state = 'expired'"],
        ),
        (
            "what is offered is held while the offer lasts",
            "offer o1 is taken, the hold h-offer of its choice 1 is active",
            ["UPDATE offer SET state = 'taken', taken = 1"],
        ),
        (
            "what is offered is held while the offer lasts",
            "the hold h-offer of its choice 1 is active",
            ["UPDATE offer SET taken = 2"],
        ),
        (
            "what came back is held for whoever was told",
            "w1 is passed, the hold h-told of what came back is active",
            ["UPDATE stock_waiter SET state = 'passed'"],
        ),
        (
            "a slot is taken as often as it was chosen",
            "the slot 5 of bellecour is taken 2 times and was chosen 0 times",
            ["INSERT INTO slot_use (store_id, slot_at_us, taken) VALUES ('bellecour', 5, 2)"],
        ),
        (
            "a slot is taken as often as it was chosen",
            "the slot 7 of bellecour is taken 0 times and was chosen 1 times",
            [
                "INSERT INTO pick_up (kind, subject_id, store_id, slot_at_us)"
                " VALUES ('reservation', 'r1', 'bellecour', 7)"
            ],
        ),
        ("no promise is stuck", "offer o1 is open", ["UPDATE offer SET expires_at_us = 5"]),
        ("no promise is stuck", "w1 was told", ["UPDATE stock_waiter SET until_us = 5"]),
        (
            "stock is the sum of its movements",
            "movements add up to",
            ["UPDATE stock SET on_hand = on_hand + 1"],
        ),
        (
            "stock is the sum of its movements",
            "at bellecour",
            ["DELETE FROM stock_movement WHERE reason = 'sale'"],
        ),
        (
            "whoever was joined to somebody has nothing left",
            "customer lea is sam now, and has reservations still",
            ["UPDATE customer SET joined_into = 'sam' WHERE id = 'lea'", "DELETE FROM contact"],
        ),
        (
            "whoever was joined to somebody has nothing left",
            "is sam now, and has contacts still",
            ["UPDATE customer SET joined_into = 'sam' WHERE id = 'lea'"],
        ),
        (
            "whoever was joined to somebody has nothing left",
            "joined to nobody, who is nobody",
            ["UPDATE customer SET joined_into = 'nobody' WHERE id = 'lea'", "DELETE FROM contact"],
        ),
        ("every event took effect once", "is done", ["UPDATE inbox SET done_at_us = NULL"]),
        ("every event took effect once", "is new", ["UPDATE inbox SET done_at_us = 5 WHERE state = 'new'"]),
        (
            "messages left in order",
            "was sent before",
            ["UPDATE outbox SET sent_at_us = 5 WHERE provider_id = 'p1'"],
        ),
        (
            "messages left in order",
            "still waits",
            ["UPDATE outbox SET state = 'ready', sent_at_us = NULL WHERE provider_id = 'p0'"],
        ),
        (
            "the catalogue is whole",
            "is applied, its end says otherwise",
            ["INSERT INTO feed_run (source, started_at_us, state) VALUES ('main', 0, 'applied')"],
        ),
        (
            "the catalogue is whole",
            "2 imports at once",
            [
                "INSERT INTO feed_run (source, started_at_us, state)"
                " VALUES ('main', 0, 'reading'), ('main', 1, 'staged')"
            ],
        ),
        (
            "the catalogue is whole",
            "has no variant at all",
            [
                "INSERT INTO product (source, source_id, title, description)"
                " VALUES ('main', 'half', '{\"en\":\"x\"}', '{\"en\":\"x\"}')"
            ],
        ),
        ("the tables are up to date", "at 0000", ["UPDATE alembic_version SET version_num = '0000'"]),
        ("the tables are up to date", "at nothing", ["DROP TABLE alembic_version"]),
    ],
)
def test_what_is_broken_is_found_and_nothing_else(
    storage: Storage, name: str, says: str, statements: list[str]
) -> None:
    run(storage, *statements)
    found = broken(storage)
    assert list(found) == [name]
    assert says in found[name]


def test_many_breaches_are_counted_and_a_few_shown(storage: Storage) -> None:
    put_product(storage, a_product("more"))
    columns = "channel, account, event_id, address, lane, body, sent_at_us, received_at_us, state"
    for account in "ab":
        values = f"'c', '{account}', 'x' || id, 'x', 'l', '', 0, 0, 'done'"
        run(storage, f"INSERT INTO inbox ({columns}) SELECT {values} FROM variant")
    found = broken(storage)["every event took effect once"]
    assert found.count("is done") == 5
    assert found.endswith("and 5 more")


def test_what_is_stuck_is_found_after_a_while(storage: Storage) -> None:
    assert broken(storage, minutes=0.9) == {}
    assert broken(storage, minutes=4) == {"no event is stuck": "lane telegram:shop_bot:42: 2 events wait"}
    assert broken(storage, minutes=6)["no message is stuck"] == "lane telegram:shop_bot:42: 1 messages wait"
    row = storage.write(lambda uow: uow.inbox.next_in(LEA.lane, NOW))
    assert row is not None
    storage.write(lambda uow: uow.inbox.failed(row.id, "boom", NOW + HOUR))  # waits for its retry
    assert "1 events wait" in broken(storage, minutes=4)["no event is stuck"]


def test_dead_pictures_in_the_visual_index_are_found(storage: Storage) -> None:
    product = put_product(storage, a_product("seen"))
    with storage.read() as uow:
        last = uow.products.last_change()
    ready, wanted = (picture.id for picture in product.pictures)
    assert broken(storage, indexed=IndexedPictures({ready}, last)) == {}
    assert broken(storage, indexed=IndexedPictures([ready, wanted, 999], last)) == {
        "the visual index knows live pictures only": f"2 of 3 are gone: {wanted}, 999"
    }
    run(storage, f"UPDATE product SET active = false WHERE id = {product.id}")
    assert broken(storage, indexed=IndexedPictures([ready], last)) != {}
    assert broken(storage, indexed=IndexedPictures([ready], last - 1)) == {}  # saved before that: it will follow


def test_a_damaged_database_is_found(storage: Storage) -> None:
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        is_postgres = uow.transaction.is_postgres
    if is_postgres:
        run(storage, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_variant_gtin'::regclass")
        assert broken(storage) == {"the database is sound": "index ix_variant_gtin is not valid"}
        run(storage, "ALTER TABLE stock DROP CONSTRAINT ck_stock_safety")
        run(storage, "ALTER TABLE stock ADD CONSTRAINT ck_stock_safety CHECK (safety >= 0) NOT VALID")
        assert "rule ck_stock_safety was never checked" in broken(storage)["the database is sound"]
        return
    engine = storage._writer  # type: ignore[attr-defined]
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.exec_driver_sql("UPDATE stock SET safety = -1 WHERE variant_id = 1")
        connection.exec_driver_sql("UPDATE picture SET variant_id = 12345")
        connection.exec_driver_sql("INSERT INTO past_price VALUES (1, 777, 1, 'EUR', 0, 1)")
    found = broken(storage)["the database is sound"]
    assert "CHECK constraint failed in stock" in found
    assert "past_price row 1 points at a missing variant" in found


def test_the_doctor_changes_nothing(storage: Storage, database_url: str) -> None:
    def dump() -> list[object]:
        with storage.read() as uow:
            assert isinstance(uow, SqlUnitOfWork)
            return [
                [tuple(row) for row in uow.transaction.connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1")]
                for table in ("stock", "hold", "inbox", "outbox", "reservation", "catalogue_change", "audit")
            ]

    before = dump()
    check(storage, NOW + HOUR, IndexedPictures([1], 0))
    assert dump() == before


def test_a_whole_shop_is_examined_with_its_index(tmp_path: Path) -> None:
    from commerce.clock import ManualClock
    from commerce.image_matching import NoImageMatcher
    from commerce.settings import Settings
    from commerce.storage import migrate, open_storage
    from visual_search.snapshot import Manifest, Snapshot, SnapshotStore
    from visual_search.values import MARK_BYTES
    from vitrine import doctor
    from vitrine.prove.index_damage import overwrite

    settings = Settings(data_dir=tmp_path)
    migrate(settings.url_of_database)
    storage = open_storage(settings.url_of_database)
    product = put_product(storage, a_product())

    class ShopSoFar:  # what the doctor looks at, without the models of a whole shop
        def __init__(self) -> None:
            self.settings, self.storage, self.clock = settings, storage, ManualClock(NOW)
            self.image_matcher = NoImageMatcher("no encoder")

    def findings() -> dict[str, tuple[bool, str]]:
        return {found.name: (found.ok, found.detail) for found in doctor.examine(ShopSoFar())}  # type: ignore[arg-type]

    name = "the visual index knows live pictures only"
    assert findings()[name] == (True, "no index on disk")
    assert findings()["what looks at pictures"] == (True, "none, off: no encoder")
    store = SnapshotStore(tmp_path / "index" / "pictures")
    for ids, expected in (
        ([product.pictures[0].id], (True, "1 pictures")),
        ([product.pictures[0].id, 99], (False, "1 of 2 are gone: 99")),
    ):
        vectors = np.zeros((len(ids), 4), np.float32)
        vectors[:, 0] = 1
        manifest = Manifest("test", "1", 4, len(ids), change_seq=1)
        store.save(Snapshot(manifest, np.array(ids, np.int64), vectors, np.zeros((len(ids), MARK_BYTES), np.uint8)))
        assert findings()[name] == expected
    (file,) = sorted((tmp_path / "index" / "pictures").glob("generation-*2/*.npy"))[:1]
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    overwrite(file, data)
    assert findings()["the visual index is readable"][0] is False
    storage.close()
