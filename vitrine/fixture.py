"""The small shop of the journeys: three stores, the web's stock and five products, written as a feed and read as one.

The rehearsal runs on it. Prices, sizes and counts are those that the journeys name; the pictures are drawn.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from commerce.domain.customer import Contact
from commerce.errors import SettingsError

if TYPE_CHECKING:
    from commerce.wiring import Shop
    from vitrine.fixture_orders import Paying


class _Thing(NamedTuple):
    """A product as the journeys know it. `units` by (colour, size), then by store."""

    id: str
    title_fr: str
    title_en: str
    product_type: str
    price: str
    material: str
    draw: str
    weave: str
    units: dict[tuple[str, str], dict[str, int]]


_THINGS = (
    _Thing(
        "P1", "Robe midi en lin", "Linen midi dress", "Dresses", "79.00 EUR", "linen", "midi_dress", "linen",
        {
            ("navy", "36"): {}, ("navy", "38"): {"S1": 1, "S2": 3, "S3": 0, "WEB": 5}, ("navy", "40"): {"S2": 1},
            ("terracotta", "36"): {"S2": 2}, ("terracotta", "38"): {"S3": 2}, ("terracotta", "40"): {"WEB": 3},
        },
    ),
    _Thing(
        "P2", "Veste en jean", "Denim jacket", "Jackets", "65.00 EUR", "denim", "denim_jacket", "denim",
        {("blue", "S"): {"S1": 2}, ("blue", "M"): {"S1": 3, "WEB": 4}, ("blue", "L"): {"S2": 1}},
    ),
    _Thing(
        "P3", "Baskets blanches", "White sneakers", "Sneakers", "89.90 EUR", "leather", "sneakers", "leather",
        {("white", "41"): {"S2": 2}, ("white", "42"): {"S1": 1, "WEB": 0}, ("white", "43"): {"S3": 1}},
    ),
    _Thing(
        "P4", "Sac cabas en cuir", "Leather tote", "Tote bags", "120.00 EUR", "leather", "tote", "leather",
        {("brown", ""): {"WEB": 4}},
    ),
    _Thing(
        "P6", "Robe midi en viscose", "Viscose midi dress", "Dresses", "59.00 EUR", "viscose", "wrap_dress", "silk",
        {("navy", "38"): {"S1": 1}},
    ),
)  # fmt: skip

_HEX = {"navy": "#22304f", "terracotta": "#b8593b", "blue": "#5b7fa6", "white": "#f4f2ee", "brown": "#7a4d2e"}

_STORES = """
[[store]]
id = "S1"
name = { fr = "Lyon Bellecour", en = "Lyon Bellecour" }
short_name = { fr = "Bellecour", en = "Bellecour" }
kind = "permanent"
address = "12 place Bellecour"
city = "Lyon"
postcode = "69002"
country = "FR"
latitude = 45.7579
longitude = 4.8320
timezone = "Europe/Paris"
phone = "+33 4 00 00 00 01"
hours.mon = "10:00-19:00"
hours.tue = "10:00-19:00"
hours.wed = "10:00-19:00"
hours.thu = "10:00-19:00"
hours.fri = "10:00-19:00"
hours.sat = "10:00-19:00"

[[store]]
id = "S2"
name = { fr = "Lyon Part-Dieu", en = "Lyon Part-Dieu" }
short_name = { fr = "Part-Dieu", en = "Part-Dieu" }
kind = "permanent"
address = "17 rue du Docteur-Bouchut"
city = "Lyon"
postcode = "69003"
country = "FR"
latitude = 45.7610
longitude = 4.8570
timezone = "Europe/Paris"
phone = "+33 4 00 00 00 02"
hours.mon = "10:00-20:00"
hours.tue = "10:00-20:00"
hours.wed = "10:00-20:00"
hours.thu = "10:00-20:00"
hours.fri = "10:00-20:00"
hours.sat = "10:00-20:00"

[[store]]
id = "S3"
name = { fr = "Paris Marais", en = "Paris Marais" }
short_name = { fr = "Marais", en = "Marais" }
kind = "permanent"
address = "25 rue des Francs-Bourgeois"
city = "Paris"
postcode = "75004"
country = "FR"
latitude = 48.8572
longitude = 2.3622
timezone = "Europe/Paris"
phone = "+33 1 00 00 00 03"
hours.tue = "11:00-19:30"
hours.wed = "11:00-19:30"
hours.thu = "11:00-19:30"
hours.fri = "11:00-19:30"
hours.sat = "11:00-19:30"
hours.sun = "13:00-19:00"

[[store]]
id = "WEB"
name = { fr = "Expédition", en = "Shipping" }
short_name = { fr = "Expédition", en = "Shipping" }
kind = "web"
address = ""
city = "Lyon"
postcode = "69007"
country = "FR"
timezone = "Europe/Paris"
"""

_COLUMNS = (
    "id", "item_group_id", "title_fr", "title_en", "image_link", "availability", "price", "brand", "color", "size",
    "gender", "product_type", "material",
)  # fmt: skip


def write_fixture_feed(directory: Path, *, pictures: bool = True) -> Path:
    """Writes pictures, products, inventory and stores as a Google feed folder, and returns the folder."""
    from vitrine.demo_shop import draw

    images = directory / "images"
    images.mkdir(parents=True, exist_ok=True)
    products, inventory = ["\t".join(_COLUMNS)], ["store_code\tid\tquantity"]
    for number, thing in enumerate(_THINGS):
        for (colour, size), units in thing.units.items():
            picture = images / f"{thing.id}-{colour}.jpg"
            if pictures and not picture.exists():
                draw(thing.draw, _HEX[colour], weave=thing.weave, seed=number + 1).save(picture, "JPEG", quality=90)
            sku = "-".join(part for part in (thing.id, colour, size.lower()) if part)
            row = (
                sku, thing.id, thing.title_fr, thing.title_en, f"images/{picture.name}" if pictures else "",
                "in_stock", thing.price, "Vitrine", colour, size, "female", thing.product_type, thing.material,
            )  # fmt: skip
            products.append("\t".join(row))
            inventory += [f"{store}\t{sku}\t{count}" for store, count in units.items()]
    (directory / "products.tsv").write_text("\n".join(products) + "\n", "utf-8")
    (directory / "local_inventory.tsv").write_text("\n".join(inventory) + "\n", "utf-8")
    (directory / "stores.toml").write_text(_STORES, "utf-8")
    (directory / "feed.toml").write_text('name = "fixture"\nlanguage = "en"\ncurrency = "EUR"\n', "utf-8")
    return directory


def build_fixture(shop: Shop, *, pictures: bool = True, orders: bool = False, paying: Paying | None = None) -> None:
    """Reads the small shop into an open one, pictures looked at; with `orders` those that Léa has on Telegram, of which
    one was paid online by `paying`. Raises SettingsError when it cannot be read."""
    from catalog_sync import sync
    from vitrine.fixture_orders import LEA, add_orders

    report = sync(shop, str(write_fixture_feed(shop.settings.data_dir / "fixture", pictures=pictures)))
    if report.refused or report.rejected:
        problems = [report.reason("en"), *(f"line {error.line}: {error.reason.value}" for error in report.rejected)]
        raise SettingsError("the fixture shop: " + "; ".join(problem for problem in problems if problem))
    if orders:
        bot = shop.settings.telegram_token.get_secret_value().partition(":")[0]
        add_orders(shop, Contact("telegram", bot, LEA), paying=paying)
    shop.index_keeper.catch_up()
