"""The ticket as a PDF: what it says can be read again, its QR code too, on as many sheets as it needs."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import zxingcpp
from flask import Flask

from commerce.domain.team import Role
from commerce.wiring import Shop
from shoppable.counter.ticket_pdf import Line, ticket_pdf
from tests.unit.shoppable.shopping import BELLECOUR, Browser
from tests.unit.shoppable.staffing import StaffBrowser, add_member


def sheets(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def codes(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    last = document[len(document) - 1].render(scale=3).to_pil().convert("L")
    return [found.text for found in zxingcpp.read_barcodes(last)]


def test_the_counter_prints_what_is_to_be_collected(app: Flask, shop: Shop) -> None:
    lea = Browser(app, shop)
    order = lea.buy("P2-blue-M", provider="pay_in_store", **BELLECOUR)
    nadia = StaffBrowser(app, shop, add_member(shop))
    path = f"/staff/pick-ups/order/{order.id}"
    assert f"{path}/ticket.pdf" in nadia.get(path).text
    answer = nadia.get(f"{path}/ticket.pdf")
    assert answer.mimetype == "application/pdf" and answer.headers["Cache-Control"] == "no-store"
    [said] = sheets(answer.data)
    for words in ("Léa", f"order {order.number}", "1 × Denim jacket", "P2-blue-M", "Bellecour", "Printed"):
        assert words in said, said
    assert order.pickup_code not in said, "the code is the customer's to show"
    assert codes(answer.data) == [f"vitrine:order:{order.id}:"]
    paris = StaffBrowser(app, shop, add_member(shop, "paul", Role.STAFF, stores=("S3",)))
    assert paris.get(f"{path}/ticket.pdf").status_code == 404


def test_long_ones_go_on_overleaf_and_odd_letters_break_nothing() -> None:
    lines = [Line(f"{n} × Robe d’été à manches longues, bleu nuit · P{n:04}", 11) for n in range(40)]
    pdf = ticket_pdf([Line("Zoë 名前 \u202f!", 17), *lines, Line("")], "vitrine:order:x:")
    read = sheets(pdf)
    assert len(read) > 1 and "Zoë ??" in read[0] and all(f"P{n:04}" in " ".join(read) for n in range(40))
    assert "Robe d’été à manches" in read[0] and codes(pdf) == ["vitrine:order:x:"]


def test_several_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: ticket_pdf([Line(f"Ticket {n}")], f"vitrine:order:{n}:"), range(24)))
    assert [sheets(pdf) for pdf in made] == [[f"Ticket {n}"] for n in range(24)]
