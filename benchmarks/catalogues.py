"""A printed catalogue of the real shop: are its articles found, are the wrong ones told, how many pages a second?

    python -m benchmarks.catalogues [--products 3000]

Eight pages of 24 articles are printed as a PDF from pictures of 60 by 80 pixels, read and proposed as in the studio:
        return [table, sheets, laid_out(shop), served(shop, slug), kept_open(shop, slug)]
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.pages import CONNECTIONS, SECONDS, WARM_UP, hammer
from benchmarks.search_quality import CATALOGUE
from benchmarks.sheets import ROWS, draw
from benchmarks.tables import Stopwatch, Table, keep, machine, ms
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Edition, NotPublished, Region, Review
from commerce.pdf import PdfReader
from commerce.services.laying_out import Chosen, LaidOut
from commerce.services.proposing import Proposed
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from vitrine.demo_catalogue import PAGES, articles_of
from vitrine.demo_shop.printed import A_PAGE, Article, write_pdf
from vitrine.serve import running

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from commerce.domain.product import Product

LAID_OUT = (24, 120)  # products of a lookbook


@dataclass(frozen=True, slots=True)
class Found:
    """`boxed`: printed numbers that became a place leading to their own article."""

    boxed: int
    doubtful: int
    proposed: Proposed
    seconds: float


def some_of(catalogue: Path, folder: Path, count: int) -> Path:
    """A folder with so many of the catalogue's products, and all of its pictures."""
    folder.mkdir(parents=True)
    lines = (catalogue / "products.tsv").read_text("utf-8").splitlines(keepends=True)
    taken = [line for at, line in enumerate(lines[1:]) if at % max(1, (len(lines) - 1) // count) == 0][:count]
    (folder / "products.tsv").write_text("".join([lines[0], *taken]), "utf-8")
    for tar in catalogue.glob("*.tar"):
        shutil.copy(tar, folder)
    return folder


def found_in(shop: Shop, folder: Path, articles: Sequence[Article]) -> Found:
    document = write_pdf(folder / "printed.pdf", "Catalogue", articles).read_bytes()
    began = time.perf_counter()
    pages = PdfReader().read(document)
    assert not isinstance(pages, NotPublished), pages
    proposed = shop.publishing.proposing.propose(pages)
    seconds = time.perf_counter() - began
    numbers = {article.number for article in articles}
    with shop.storage.read() as uow:
        named = {
            spot.printed: uow.products.by_variant(spot.variant_id) for spot in proposed.hotspots if spot.variant_id
        }
    boxed = sum(1 for printed, known in named.items() if known and known[1].sku == printed and printed in numbers)
    doubtful = sum(spot.review is Review.DOUBTFUL for spot in proposed.hotspots)
    return Found(boxed, doubtful, proposed, seconds)


def harder(shop: Shop, folder: Path, most: int) -> Table:
    """Every kind of page: what is found, with which picture, and what is wrong."""
    with shop.storage.read() as uow:
        owners = {variant.sku: each for each in uow.products.after(0, 100_000) for variant in each.variants}
    articles = [(each, owners[each.number].variants[0].price.minor) for each in articles_of(shop, most)]
    wrong = spoil(articles, owners, first=4 * ROWS)
    kinds, shown = draw(articles, folder / "sheets.pdf")
    began = time.perf_counter()
    pages = PdfReader().read((folder / "sheets.pdf").read_bytes())
    assert not isinstance(pages, NotPublished), pages
    read_s = time.perf_counter() - began
    proposed = shop.publishing.proposing.propose(pages)
    seconds = time.perf_counter() - began
    table = Table(
        f"{len(pages)} harder pages, out of {len({each.id for each in owners.values()}):,} real products",
        (
            "pages",
            "printed",
            "boxed",
            "its picture in the box",
            "of something else",
            "wrong, flagged",
            "right, flagged",
        ),
    )
    for kind in dict.fromkeys(kinds.values()):
        numbers = {number for number, each in kinds.items() if each == kind}
        there = [each for each in shown if each.page in numbers]
        spots = [spot for spot in proposed.hotspots if spot.page in numbers]
        own = {(each.page, owners[each.sku].id) for each in there}
        bad = [spot for spot in spots if spot.product_id in wrong]
        flagged = {spot.product_id for spot in spots if spot.review is Review.DOUBTFUL}
        boxed = sum(
            (each.page, owners[each.sku].id) in {(spot.page, spot.product_id) for spot in spots} for each in there
        )
        framed = [
            any(
                spot.product_id == owners[each.sku].id and spot.page == each.page and _covers(spot.region, picture)
                for spot in spots
            )
            for each in there
            for picture in each.pictures
        ]
        table.add(
            kind,
            str(len(there)),
            f"{boxed / len(there):.1%}",
            f"{sum(framed)} of {len(framed)}",
            str(sum((spot.page, spot.product_id) not in own for spot in spots)),
            f"{sum(spot.product_id in flagged for spot in bad)} of {len(bad)}",
            str(sum(spot.product_id in flagged for spot in spots if spot not in bad)),
        )
    alone = proposed.by_picture_alone
    table.notes.append(f"pictures named right by looking alone: {alone} of {proposed.pictures_of_named}")
    table.notes.append("every tenth article after the list's is wrong: its price, or its number with that one's price")
    table.notes.append(f"{seconds / len(pages):.2f} s a page, of which {read_s / len(pages):.2f} s are reading the PDF")
    return table


def spoil(articles: list[tuple[Article, int]], owners: dict[str, Product], first: int) -> set[int]:
    """Every tenth article after the `first` becomes wrong: by turns another price, and the number and price of another
    product, so that nothing but the picture says it. The products that their numbers name."""
    wrong = set()
    taken = {owners[article.number].id for article, _ in articles}
    spare = [sku for sku, product in owners.items() if product.id not in taken]
    for at in range(first, len(articles), 10):
        article, minor = articles[at]
        if at % 20 and spare:
            sku = spare.pop(at % len(spare))
            articles[at] = replace(article, number=sku), owners[sku].variants[0].price.minor
        else:
            articles[at] = article, minor + 500
        wrong.add(owners[articles[at][0].number].id)
    return wrong


def _covers(region: Region, picture: tuple[float, float, float, float]) -> bool:
    """Whether somebody who taps the middle of the picture meets the place."""
    across, down = picture[0] + picture[2] / 2, picture[1] + picture[3] / 2
    return (
        region.x_frac <= across <= region.x_frac + region.width_frac
        and region.y_frac <= down <= region.y_frac + region.height_frac
    )


def with_three_wrong(articles: Sequence[Article]) -> list[Article]:
    wrong = list(articles)
    wrong[2] = replace(wrong[2], price="1,00 €")
    wrong[10] = replace(wrong[10], number=wrong[20].number)
    wrong[17] = replace(wrong[17], number=f"{wrong[17].number}99")
    return wrong


@contextmanager
def waitress_alone(body: bytes) -> Iterator[str]:
    """The same bytes from an application that does nothing else."""
    from waitress.server import create_server

    def app(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
        return [body]

    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()


def served(shop: Shop, slug: str) -> Table:
    table = Table("A catalogue of eight pages and 24 places", ("address", "requests/s", "p50 ms", "p95 ms"))
    with running(shop, web=True) as address, multiprocessing.get_context("spawn").Pool(1) as client:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        connection.request("GET", f"/l/{slug}", headers={"Accept-Language": "fr"})
        body = connection.getresponse().read()
        connection.close()
        with waitress_alone(body) as alone:
            for name, at, path in (
                ("waitress alone, the same bytes", alone, "/"),
                (f"/l/… ({len(body) // 1024} kB)", address, f"/l/{slug}"),
                ("/l/…/facts, asked every two seconds", address, f"/l/{slug}/facts"),
                ("/healthz", address, "/healthz"),
            ):
                client.apply(hammer, (at, path, WARM_UP / 20, 1))
                took = client.apply(hammer, (at, path, SECONDS, CONNECTIONS))
                table.add(name, f"{len(took) / SECONDS:.0f}", f"{ms(took, 50):.1f}", f"{ms(took, 95):.1f}")
    table.notes.append(
        f"waitress, one process; {CONNECTIONS} connections of a client on this machine, {SECONDS:g} s each"
    )
    table.notes.append(machine())
    return table


LISTENERS, ASKING, STAY_S, ASK_EVERY_S = 5, 50, 20.0, 2.0


def listen(address: str, path: str, count: int, stay_s: float) -> int:
    """So many streams, held open; how many there were."""
    parts = urlsplit(address)
    answers = []
    for _ in range(count):
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        connection.request("GET", path, headers={"Accept": "text/event-stream"})
        answers.append(connection.getresponse())
    time.sleep(stay_s)
    return sum(answer.status == 200 for answer in answers)


def ask(address: str, path: str, count: int, stay_s: float) -> int:
    """As so many open pages ask; how many answers there were."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    began, asked, tag = time.monotonic(), 0, ""
    while (passed_s := time.monotonic() - began) < stay_s:
        time.sleep(max(0.0, asked * ASK_EVERY_S / count - passed_s))
        connection.request("GET", path, headers={"If-None-Match": tag})
        answer = connection.getresponse()
        answer.read()
        tag = answer.getheader("ETag") or tag
        asked += 1
    return asked


def kept_open(shop: Shop, slug: str) -> Table:
    """What a page that stays open costs the shop."""
    table = Table("A catalogue that stays open", ("how it hears of news", "readers", "threads held", "CPU a reader"))
    path = f"/l/{slug}/facts"
    with running(shop, web=True) as address, multiprocessing.get_context("spawn").Pool(1) as client:
        client.apply(ask, (address, path, ASKING, 1.0))
        with Stopwatch() as idle:
            time.sleep(STAY_S)
        for name, does, count, held in (
            ("listening: a stream", listen, LISTENERS, LISTENERS),
            (f"asking every {ASK_EVERY_S:g} s", ask, ASKING, 0),
        ):
            with Stopwatch() as watch:
                client.apply(does, (address, path, count, STAY_S))
            share = max(0.0, watch.cpu_s / watch.wall_s - idle.cpu_s / idle.wall_s) / count
            table.add(name, str(count), str(held), f"{share:.3%} of a core")
    table.notes.append(f"{STAY_S:g} s each, without what the server costs when nobody is there")
    table.notes.append(machine())
    return table


def laid_out(shop: Shop) -> Table:
    """Lookbooks of the first products that have a photo."""
    table = Table("Chosen products, laid out", ("products", "pages", "kB a page", "s", "CPU s"))
    with shop.storage.read() as uow:
        chosen = [Chosen(product.id) for product in uow.products.after(0, LAID_OUT[-1] * 2) if product.picture_for()]
    for count in LAID_OUT:
        before, began = sum(os.times()[:4]), time.perf_counter()
        done = shop.laying_out.make(chosen[:count], LocalText({"fr": "Lookbook"}), actor="bench")
        seconds, cpu_s = time.perf_counter() - began, sum(os.times()[:4]) - before
        assert isinstance(done, LaidOut), done
        pages = done.edition.pages
        heavy = sum(len(shop.media.get(page.picture_key) or b"") for page in pages)
        table.add(str(count), str(len(pages)), f"{heavy / 1024 / len(pages):.0f}", f"{seconds:.1f}", f"{cpu_s:.1f}")
    table.notes.append("photos of 60 by 80 pixels; drawn one page after the other, in a child process that counts too")
    return table


def run(folder: Path, products: int) -> list[Table]:
    from catalog_sync import sync

    settings = load_settings(data_dir=folder / "shop", port=0, secret_key="b" * 32)
    with build_shop(settings) as shop:
        report = sync(shop, str(some_of(CATALOGUE, folder / "feed", products)))
        if report.state == "refused":
            raise RuntimeError(f"the catalogue was refused: {report.stop}")
        shop.index_keeper.catch_up()
        articles = articles_of(shop, PAGES * A_PAGE)
        right, wrong = found_in(shop, folder, articles), found_in(shop, folder, with_three_wrong(articles))
        table = Table(
            f"Eight printed pages of 24 articles, out of {products:,} real products",
            ("document", "printed numbers boxed", "put before a person", "pictures named right by looking alone", "s"),
        )
        for name, found, most in (("as it should be", right, 24), ("three wrong on purpose", wrong, 22)):
            looked = found.proposed
            table.add(
                name,
                f"{found.boxed} of {most} ({found.boxed / most:.0%})",
                str(found.doubtful),
                f"{looked.by_picture_alone} of {looked.pictures_of_named}",
                f"{found.seconds:.1f}",
            )
        table.notes.append(
            "wrong: a price, the number of another article, a number that nobody has; 22 right ones remain"
        )
        sheets = harder(shop, folder, products * 3 // 4)
        slug = _published(shop, articles, folder)
        return [table, sheets, laid_out(shop), served(shop, slug), kept_open(shop, slug)]


def _published(shop: Shop, articles: Sequence[Article], folder: Path) -> str:
    """Its address."""
    document = write_pdf(folder / "published.pdf", "Catalogue", articles).read_bytes()
    made = shop.publishing.from_pdf(document, LocalText({"fr": "Catalogue"}), actor="bench")
    assert isinstance(made, Edition), made
    book = made.lookbook
    shop.storage.write(
        lambda uow: shop.publishing.publish(uow, book.id, book.revision, actor="bench", even_doubtful=True)
    )
    return book.slug


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogues", description=__doc__)
    parser.add_argument("--products", type=int, default=3_000)
    options = parser.parse_args()
    if not CATALOGUE.is_dir():
        print(f"no real catalogue at {CATALOGUE}: nothing is measured (set VITRINE_SHARED)")
        return
    with tempfile.TemporaryDirectory() as folder:
        tables = run(Path(folder), options.products)
    for table in tables:
        table.show()
    keep("catalogues", tables)


if __name__ == "__main__":
    main()
