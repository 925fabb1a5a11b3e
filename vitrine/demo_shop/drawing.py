"""Every kind the demo shop sells, by name, and `draw`, which makes one picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from vitrine.demo_shop import bags, bottoms, dresses, footwear, jackets, tops
from vitrine.demo_shop.backdrops import backdrop, tint_for
from vitrine.demo_shop.canvas import Canvas
from vitrine.demo_shop.fabrics import Fabric, fabric
from vitrine.demo_shop.measures import CENTRE, HEIGHT, Rgb

if TYPE_CHECKING:
    from PIL.Image import Image

Draw = Callable[[Canvas, Fabric], None]

HANGING: dict[str, Draw] = {
    "tshirt": tops.tshirt,
    "long_tshirt": partial(tops.tshirt, long=True),
    "top": tops.top,
    "shirt": tops.shirt,
    "short_shirt": partial(tops.shirt, half_sleeves=True),
    "jumper": tops.jumper,
    "roll_neck": partial(tops.jumper, roll_neck=True),
    "hoodie": tops.sweatshirt,
    "cardigan": tops.cardigan,
    "denim_jacket": jackets.denim_jacket,
    "blazer": jackets.blazer,
    "coat": jackets.coat,
    "puffer": jackets.puffer,
    "midi_dress": partial(dresses.dress, cut="midi"),
    "wrap_dress": partial(dresses.dress, cut="wrap"),
    "slip_dress": partial(dresses.dress, cut="slip"),
    "shirt_dress": partial(dresses.dress, cut="shirt"),
    "trousers": bottoms.trousers,
    "wide_trousers": partial(bottoms.trousers, wide=True),
    "jeans": partial(bottoms.trousers, jeans=True),
    "shorts": bottoms.shorts,
    "denim_shorts": partial(bottoms.shorts, jeans=True),
    "skirt": bottoms.skirt,
    "pleated_skirt": partial(bottoms.skirt, pleated=True),
    "mini_skirt": partial(bottoms.skirt, short=True),
    "beanie": bags.beanie,
    "scarf": bags.scarf,
    "sunglasses": bags.sunglasses,
    "belt": bags.belt,
}
STANDING: dict[str, Draw] = {
    "sneakers": footwear.sneakers,
    "high_sneakers": partial(footwear.sneakers, high=True),
    "ankle_boots": footwear.boots,
    "boots": partial(footwear.boots, tall=True),
    "sandals": footwear.sandals,
    "loafers": footwear.loafers,
    "ballerinas": footwear.ballerinas,
    "pumps": footwear.pumps,
    "tote": bags.tote,
    "backpack": bags.backpack,
    "handbag": bags.handbag,
    "hat": bags.hat,
    "cap": bags.cap,
}
KINDS: dict[str, Draw] = {**HANGING, **STANDING}
# Enlargement, and what of the drawing comes to the middle of the picture; what is not here is drawn as it is.
_FRAMES: dict[str, tuple[float, tuple[float, float]]] = {
    **dict.fromkeys(("tshirt", "long_tshirt", "short_shirt"), (1.16, (300, 372))),
    **dict.fromkeys(("shirt", "jumper", "roll_neck", "hoodie", "cardigan", "puffer"), (1.1, (300, 366))),
    **dict.fromkeys(("denim_jacket", "blazer"), (1.14, (300, 366))),
    **dict.fromkeys(("midi_dress", "wrap_dress", "shirt_dress"), (1.08, (300, 394))),
    **dict.fromkeys(("trousers", "wide_trousers", "jeans"), (1.08, (300, 400))),
    **dict.fromkeys(("shorts", "denim_shorts"), (1.36, (300, 374))),
    **dict.fromkeys(("skirt", "pleated_skirt"), (1.16, (300, 402))),
    **dict.fromkeys(
        ("sneakers", "high_sneakers", "ankle_boots", "sandals", "loafers", "ballerinas", "pumps"), (1.06, (300, 440))
    ),
    **dict.fromkeys(("tote", "handbag", "backpack"), (1.1, (300, 376))),
    "boots": (1.0, (300, 400)),
    "top": (1.22, (300, 372)),
    "slip_dress": (1.04, (300, 372)),
    "coat": (1.04, (300, 408)),
    "mini_skirt": (1.3, (300, 344)),
    "beanie": (1.3, (300, 344)),
    "scarf": (1.16, (300, 398)),
    "sunglasses": (1.2, (300, 392)),
    "belt": (1.14, (300, 410)),
    "hat": (1.06, (300, 402)),
    "cap": (1.24, (284, 420)),
}


def draw(
    kind: str, colour_hex: str, pattern: str = "plain", *, weave: str = "cotton", accent_hex: str = "", seed: int = 1,
    wall: Rgb | None = None,
) -> Image:  # fmt: skip
    """One product on its studio wall: RGB, 600 x 750. The same arguments give the same pixels.

    Args:
        kind: a key of KINDS. pattern: one of `fabrics.PATTERNS`. weave: see `fabrics.fabric`.
        accent_hex: the pattern's second colour; '' chooses one that goes with the first.
        wall: colour of the wall; None chooses one that the product stands out from.
    """
    cloth = fabric(colour_hex, pattern, weave, accent_hex, seed)
    tint = wall or tint_for(cloth.colour, seed)
    zoom, middle = _FRAMES.get(kind, (1.0, (CENTRE, HEIGHT / 2)))
    canvas = Canvas(backdrop(tint, standing=kind in STANDING), zoom=zoom, middle=middle)
    KINDS[kind](canvas, cloth)
    return canvas.finished()
