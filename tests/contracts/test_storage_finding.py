"""Customers are found by whatever is known of them, on both databases."""

from __future__ import annotations

import json

from sqlalchemy import event

from commerce.domain.customer import Customer
from commerce.domain.linking import CustomerMerge
from commerce.domain.mail import Direction
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationLine, ReservationState
from commerce.ports import Storage, UnitOfWork
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.conversation_values import LEA_ON_THE_WEB, said
from tests.contracts.selling_values import HOUR, LEA_PERSON, SAM_PERSON, put_order
from tests.contracts.storage_values import LEA, NOW, SAM, euros, put_stock


def find(storage: Storage, typed: str) -> list[str]:
    with storage.read() as uow:
        return uow.conversations.search(typed, 10)


def test_a_customer_is_found_by_whatever_is_known(storage: Storage, people: None) -> None:
    (variant_id,) = put_stock(storage, {"38": 3})
    number = put_order(storage, [variant_id]).number

    def hold(uow: UnitOfWork) -> None:
        (taken,) = uow.stock.take("h1", [(variant_id, 1)], "bellecour", "r1", NOW + HOUR, NOW) or []
        line = ReservationLine(taken.variant_id, 1, euros(7900), taken.id)
        reservation = Reservation(
            "r1", "ABC-123", SAM_PERSON.id, "bellecour", ReservationState.HELD, (line,), NOW, NOW + HOUR, 0, 1, "web"
        )
        uow.reservations.add(reservation, SAM, ReservationEvent(NOW, None, ReservationState.HELD, "shopper"))

    storage.write(hold)
    said(storage, SAM, "I never got a return label, l’étiquette")
    with storage.read() as uow:
        found = uow.products.by_variant(variant_id)
    assert found is not None
    sku = found[1].sku
    lea, sam = LEA_PERSON.id, SAM_PERSON.id
    for typed, expected in {
        "lea": [lea],
        "LÉA m": [lea],
        "sam": [sam],
        str(number): [lea],
        f"n° {number}": [lea],
        "lea@example.org": [lea],
        "06 00 00 00 00": [lea],
        "+33600000000": [lea],
        "klm 234": [lea],
        "abc-123": [sam],
        LEA.address: [lea],
        sku: [lea, sam],
        "etiquette": [sam],
        "retur lab": [sam],
        "label robe": [],
        "": [],
        "   ": [],
        "%": [],
        "\x00": [],
        lea: [lea],
    }.items():
        assert find(storage, typed) == expected, typed


def test_what_the_bot_says_to_everybody_finds_nobody(storage: Storage, people: None) -> None:
    said(storage, LEA, "panier introuvable", direction=Direction.OUT)
    assert find(storage, "panier") == []
    body = json.dumps({"text": "Votre panier est prêt", "speaker": "Nadia"})
    storage.write(lambda uow: uow.threads.add(LEA, Direction.OUT, body, NOW))
    assert find(storage, "panier") == [LEA_PERSON.id]
    said(storage, SAM, "le colis est rentré chez le voisin", direction=Direction.NOTE)
    assert find(storage, "voisin") == [SAM_PERSON.id]


def test_who_was_linked_is_found_by_both_names(storage: Storage, people: None) -> None:
    web = Customer("e" * 32, "Madame Durand", "fr", NOW)
    storage.write(lambda uow: uow.customers.add(web, LEA_ON_THE_WEB, NOW))
    assert find(storage, "durand") == [web.id]
    moved = storage.write(lambda uow: uow.links.join(LEA_PERSON.id, web.id))
    assert find(storage, "durand") == find(storage, "léa") == [LEA_PERSON.id]
    storage.write(lambda uow: uow.links.part(CustomerMerge("m1", LEA_PERSON.id, web.id, NOW, moved)))
    assert find(storage, "durand") == [web.id]


def test_searching_walks_through_indexes(storage: Storage, people: None) -> None:
    put_order(storage, put_stock(storage, {"38": 3}))
    said(storage, LEA, "bonjour")
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        connection = uow.transaction.connection
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        asked: list[tuple[str, object]] = []

        def note(_c: object, _cursor: object, statement: str, values: object, _context: object, _many: bool) -> None:
            asked.append((statement, values))

        event.listen(connection, "before_cursor_execute", note)
        uow.conversations.search("rien 12345678", 10)
        uow.conversations.search("12345678", 10)
        uow.conversations.search("zzz-zzz", 10)
        uow.conversations.thread(LEA_PERSON.id)
        uow.conversations.lines()
        uow.conversations.touches(LEA_PERSON.id)
        event.remove(connection, "before_cursor_execute", note)
        assert len(asked) > 20
        for statement, values in asked:
            plan = [str(row) for row in connection.exec_driver_sql(explain + statement, values)]  # type: ignore[arg-type]
            scans = [step for step in plan if "SCAN" in step.upper() and "INDEX" not in step.upper()]
            scans = [
                step for step in scans if not any(fine in step for fine in ("Bitmap", "Subquery Scan", "SCAN anon_1"))
            ]
            assert scans == [], statement
