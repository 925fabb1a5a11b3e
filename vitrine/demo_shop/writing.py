"""The demo shop as a feed folder: pictures, a Google feed, a local inventory and stores, read like anybody's feed."""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

from vitrine.demo_shop.assortment import Item, assortment, colour_hex
from vitrine.demo_shop.styles import CLOTHS, PATTERNS

OnProgress = Callable[[str, int, int | None], None]

_SHELVES = (
    ("nantes-bouffay", 0.82, 3.2),
    ("lille-vieux-lille", 0.66, 2.6),
    ("toulouse-capitole", 0.6, 2.4),
    ("web", 0.95, 6.0),
)
_JPEG_QUALITY = 90
_GENDERS = {"women": "female", "men": "male", "unisex": "unisex"}


def write_demo_feed(directory: Path, *, seed: int = 7, on_progress: OnProgress | None = None) -> Path:
    """Writes the feed to `directory` and returns it. Pictures that are there already are not drawn again.

    The same seed writes the same bytes.
    """
    progress = on_progress or (lambda what, done, total: None)
    items = assortment(seed)
    images = directory / "images"
    images.mkdir(parents=True, exist_ok=True)
    names = _draw_all(items, images, progress)
    _replace(directory / "products.xml", "".join(_feed(items, names)))
    _replace(directory / "local_inventory.tsv", "".join(_inventory(items, seed)))
    _replace(directory / "stores.toml", files("vitrine.demo_shop").joinpath("stores.toml").read_text("utf-8"))
    _replace(directory / "feed.toml", 'name = "demo"\nlanguage = "en"\ncurrency = "EUR"\n')
    return directory


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def drawing_version() -> str:
    """Differs when the drawing code does: pictures are then drawn again, under new names."""
    from vitrine.demo_shop import (
        backdrops,
        bags,
        bottoms,
        canvas,
        drawing,
        dresses,
        fabrics,
        footwear,
        jackets,
        measures,
        tops,
        torso,
    )

    easel = (backdrops, canvas, drawing, fabrics, measures)
    digest = hashlib.blake2b(digest_size=4)
    for module in (*easel, bags, bottoms, dresses, footwear, jackets, tops, torso):
        digest.update(inspect.getsource(module).encode())
    return digest.hexdigest()


def _draw_all(items: list[Item], images: Path, progress: OnProgress) -> dict[tuple[str, str], str]:
    """File name of each product and colour."""
    version = drawing_version()
    names = {
        (item.id, colour): f"{item.id}-{colour}-{version}.jpg".replace("_", "-")
        for item in items
        for colour in item.colours
    }
    wanted = [
        (number, item, colour)
        for number, item in enumerate(items)
        for colour in item.colours
        if not (images / names[item.id, colour]).is_file()
    ]
    total = len(names)
    progress("drawing", total - len(wanted), total)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        drawn = pool.map(lambda one: _draw_one(images / names[one[1].id, one[2]], *one), wanted)
        for done, _ in enumerate(drawn, total - len(wanted) + 1):
            progress("drawing", done, total)
    kept = set(names.values())
    for old in images.glob("*.jpg"):
        if old.name not in kept:
            old.unlink()
    return names


def _draw_one(path: Path, number: int, item: Item, colour: str) -> None:
    from vitrine.demo_shop.drawing import draw

    picture = draw(
        item.kind.draw, colour_hex(colour), item.pattern, weave=CLOTHS[item.cloth][0], seed=number * 7 + len(colour)
    )
    partial = path.with_suffix(".part")
    picture.save(partial, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    partial.replace(path)


def _variants(item: Item) -> Iterator[tuple[str, str, str]]:
    """(sku, colour, size) in the order of the shelf."""
    for colour in item.colours:
        for size in item.sizes or ("",):
            yield "-".join(part for part in (item.id, colour.replace("_", "-"), size.lower()) if part), colour, size


def _feed(items: list[Item], names: dict[tuple[str, str], str]) -> Iterator[str]:
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n<channel>\n'
        "<title>Vitrine</title>\n<link>http://127.0.0.1:8000/</link>\n<description>The demo shop</description>\n"
    )
    number = 0
    for item in items:
        for sku, colour, size in _variants(item):
            number += 1
            fields = [
                ("id", sku), ("item_group_id", item.id), ("title_fr", item.title_fr), ("title_en", item.title_en),
                ("description_fr", item.description_fr), ("description_en", item.description_en),
                ("image_link", f"images/{names[item.id, colour]}"), ("availability", "in_stock"),
                ("price", _money(item.list_price_cents or item.price_cents)),
                ("sale_price", _money(item.price_cents) if item.list_price_cents else ""),
                ("brand", "Vitrine"), ("gtin", _gtin(number)), ("color", colour.replace("_", " ")), ("size", size),
                ("gender", _GENDERS[item.who]), ("age_group", "adult"), ("product_type", item.kind.product_type),
                ("material", CLOTHS[item.cloth][5]), ("pattern", PATTERNS[item.pattern][2]), ("condition", "new"),
            ]  # fmt: skip
            yield (
                "<item>"
                + "".join(f"<g:{name}>{escape(text)}</g:{name}>" for name, text in fields if text)
                + "</item>\n"
            )
    yield "</channel>\n</rss>\n"


def _inventory(items: list[Item], seed: int) -> Iterator[str]:
    yield "store_code\tid\tquantity\tprice\tavailability\tpickup_method\n"
    for item in items:
        chance = Random(f"{seed}:{item.id}")
        for shelf, share, depth in _SHELVES:
            if chance.random() >= share:
                continue
            sizes = len(item.sizes) or 1
            for at, (sku, _, _) in enumerate(_variants(item)):
                middle = (sizes - 1) / 2
                wanted = 1 - 0.5 * (abs(at % sizes - middle) / middle if middle else 0)
                units = (
                    0
                    if chance.random() < 0.2 + 0.2 * (1 - wanted)
                    else 1 + int(chance.expovariate(1 / (depth * wanted)))
                )
                yield (
                    f"{shelf}\t{sku}\t{units}\t{_money(item.price_cents)}\t{'in_stock' if units else 'out_of_stock'}\t"
                    f"{'reserve' if shelf != 'web' else ''}\n"
                )


def _gtin(number: int) -> str:
    """An EAN-13 of the range for use inside one company (GS1 prefix 20)."""
    body = f"20{number:010d}"
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(body))
    return f"{body}{-total % 10}"


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d} EUR"
