"""Prices, sizes and stock for a product of the data set: made up, the same for the same seed, and plausible."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

# Usual shop prices in euros (low, high) by article type; what is not here is a small accessory.
_PRICES: dict[str, tuple[int, int]] = {
    "Tshirts": (15, 35), "Shirts": (29, 69), "Casual Shoes": (45, 99), "Watches": (59, 249), "Sports Shoes": (55, 139),
    "Kurtas": (29, 69), "Tops": (19, 45), "Handbags": (39, 149), "Heels": (45, 119), "Sunglasses": (35, 149),
    "Wallets": (19, 59), "Flip Flops": (12, 35), "Sandals": (29, 79), "Briefs": (8, 19), "Belts": (19, 49),
    "Backpacks": (35, 89), "Socks": (5, 15), "Formal Shoes": (69, 159), "Perfume and Body Mist": (29, 95),
    "Jeans": (39, 99), "Shorts": (19, 45), "Trousers": (35, 79), "Flats": (29, 79), "Bra": (19, 49),
    "Dresses": (39, 119), "Sarees": (49, 149), "Earrings": (12, 45), "Deodorant": (5, 12), "Nail Polish": (5, 14),
    "Lipstick": (9, 29), "Track Pants": (29, 59), "Clutches": (29, 79), "Sweatshirts": (35, 79), "Caps": (12, 29),
    "Sweaters": (39, 89), "Ties": (19, 49), "Jackets": (59, 159), "Innerwear Vests": (9, 19), "Kurtis": (25, 55),
    "Tunics": (25, 55), "Nightdress": (25, 49), "Leggings": (15, 35), "Pendant": (15, 59), "Capris": (25, 49),
    "Necklace and Chains": (19, 69), "Night suits": (29, 59), "Lip Gloss": (7, 19), "Trunk": (12, 25),
    "Ring": (15, 59), "Skirts": (29, 69), "Scarves": (15, 45), "Dupatta": (15, 39), "Accessory Gift Set": (25, 69),
    "Cufflinks": (19, 49), "Kurta Sets": (49, 99), "Stoles": (19, 49), "Duffel Bag": (39, 89), "Bangle": (15, 49),
    "Laptop Bag": (39, 99), "Bracelet": (15, 49), "Sports Sandals": (29, 69), "Lounge Pants": (19, 45),
    "Jewellery Set": (29, 89), "Boxers": (12, 25), "Messenger Bag": (35, 89), "Camisoles": (12, 29),
    "Tracksuits": (59, 119), "Bath Robe": (35, 69), "Gloves": (15, 39), "Rain Jacket": (45, 99), "Jumpsuit": (49, 99),
    "Waistcoat": (39, 79), "Blazers": (79, 189), "Rucksacks": (49, 119), "Swimwear": (25, 59), "Trolley Bag": (79, 179),
    "Suits": (149, 299), "Lehenga Choli": (89, 199), "Nehru Jackets": (69, 139), "Booties": (12, 25),
    "Rompers": (19, 39), "Clothing Set": (29, 69), "Ipad": (399, 399),
}  # fmt: skip
_SMALL = (9, 29)

_LETTERS = {"Men": "S M L XL XXL", "Women": "XS S M L XL", "Unisex": "S M L XL"}
_SHOES = {
    "Men": range(40, 47),
    "Women": range(36, 42),
    "Unisex": range(38, 45),
    "Boys": range(28, 36),
    "Girls": range(28, 36),
}
_HEIGHTS = "104 116 128 140 152"  # centimetres, EN 13402: how children's clothes are sized in Europe
_WORN_IN_LETTERS = """Tshirts,Shirts,Kurtas,Tops,Briefs,Sweatshirts,Sweaters,Jackets,Kurtis,Tunics,Nightdress,Capris,
Trunk,Boxers,Skirts,Tracksuits,Waistcoat,Blazers,Swimwear,Camisoles,Shrug,Rompers,Jumpsuit,Shapewear,Leggings,Jeggings,
Stockings,Tights,Patiala,Churidar,Salwar,Robe,Track Pants,Innerwear Vests,Night suits,Kurta Sets,Lounge Pants,
Lounge Shorts,Lounge Tshirts,Bath Robe,Baby Dolls,Rain Jacket,Rain Trousers,Nehru Jackets,Lehenga Choli,Clothing Set,
Salwar and Dupatta"""
_TOPS = frozenset(name.strip() for name in _WORN_IN_LETTERS.split(","))
_BRAS = "85B 90B 90C 95B 95C 100C"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A store of the made-up chain. `range_frac`: share of the catalogue it carries; `depth`: units on a full shelf."""

    id: str
    range_frac: float
    depth: float


SHELVES = (
    Shelf("paris-marais", 0.72, 3.0),
    Shelf("lyon-bellecour", 0.55, 2.4),
    Shelf("bordeaux-sainte-catherine", 0.42, 2.0),
    Shelf("web", 0.93, 6.0),
)


def sizes_of(article_type: str, sub_category: str, gender: str) -> tuple[str, ...]:
    """Sizes in the order of the shelf; () for what comes in one size."""
    young = gender in ("Boys", "Girls")
    if sub_category in ("Shoes", "Sandal", "Flip Flops") and article_type != "Shoe Accessories":
        return tuple(str(size) for size in _SHOES.get(gender, _SHOES["Unisex"]))
    if article_type == "Socks":
        return ("27-30", "31-34") if young else ("35-38", "39-42") if gender == "Women" else ("39-42", "43-46")
    if article_type == "Belts":
        return tuple(["65", "70"] if young else ("75 80 85 90" if gender == "Women" else "85 90 95 100 105").split())
    if article_type == "Bra":
        return tuple(_BRAS.split())
    if article_type == "Ring":
        return ("50", "52", "54", "56", "58")
    if young and (article_type in _TOPS or article_type in ("Jeans", "Trousers", "Shorts", "Dresses")):
        return tuple(_HEIGHTS.split())
    if article_type in ("Jeans", "Trousers", "Shorts"):
        return tuple(str(size) for size in (range(34, 46, 2) if gender == "Women" else range(28, 40, 2)))
    if article_type == "Dresses":
        return tuple(str(size) for size in range(34, 46, 2))
    if article_type in _TOPS:
        return tuple(_LETTERS.get(gender, _LETTERS["Unisex"]).split())
    return ()


def price_of(chance: Random, article_type: str, brand_level: float) -> tuple[int, int | None]:
    """(price, sale price or None) in cents. `brand_level` 0 to 1 places the brand between the usual low and high."""
    low, high = _PRICES.get(article_type, _SMALL)
    place = min(1.0, max(0.0, brand_level + chance.gauss(0, 0.18)))
    euros = max(2, round(low + (high - low) * place))
    ending = chance.choice((0, 90, 90, 95, 99) if euros < 60 else (0, 0, 0, 90))
    price = euros * 100 + ending - (100 if ending and euros > 3 else 0)
    if chance.random() >= 0.14:
        return price, None
    cut = chance.choice((0.8, 0.7, 0.7, 0.5))
    sale = int(price * cut) // 100 * 100 + 90
    return price, sale if sale < price else None


def stock_of(chance: Random, sizes: int) -> list[list[int | None]]:
    """Units by shelf and size; None where the store does not carry the product. The ends of a size run sell out
    first.
    """
    levels: list[list[int | None]] = []
    for shelf in SHELVES:
        if chance.random() >= shelf.range_frac:
            levels.append([None] * sizes)
            continue
        middle = (sizes - 1) / 2
        row: list[int | None] = []
        for at in range(sizes):
            popular = 1.0 - 0.55 * (abs(at - middle) / middle if middle else 0.0)
            if chance.random() < 0.24 + 0.22 * (1 - popular):
                row.append(0)
            else:
                row.append(1 + min(40, int(chance.expovariate(1 / (shelf.depth * popular)))))
        levels.append(row)
    if all(level is None for row in levels for level in row):
        levels[-1] = [1 + int(chance.expovariate(0.3)) for _ in range(sizes)]
    return levels
