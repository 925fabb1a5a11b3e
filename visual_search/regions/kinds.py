"""The kinds of things that are told apart in a photo, and their words. Keys are those of the shop's categories; the
list is short because a button must be right more often than it must be precise."""

from __future__ import annotations

from typing import Final

KIND_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "tshirt": ("t-shirt", "polo shirt", "t-shirt", "polo"),
    "shirt": ("shirt", "button-up shirt", "chemise"),
    "top": ("top", "blouse", "haut", "blouse"),
    "kurta": ("kurta", "kurta"),
    "sweater": ("sweater", "cardigan", "pull", "gilet en laine"),
    "sweatshirt": ("sweatshirt", "hoodie", "sweat", "sweat à capuche"),
    "jacket": ("jacket", "coat", "veste", "manteau", "blouson"),
    "blazer": ("blazer", "suit jacket", "blazer", "veste de costume"),
    "dress": ("dress", "robe"),
    "saree": ("saree", "sari"),
    "romper": ("romper", "bodysuit", "combishort", "body"),
    "trousers": ("trousers", "track pants", "leggings", "pantalon", "jogging"),
    "jeans": ("jeans", "jean"),
    "shorts": ("shorts", "short"),
    "skirt": ("skirt", "jupe"),
    "underwear": ("underwear", "bra", "briefs", "sous-vêtement", "soutien-gorge", "slip"),
    "socks": ("socks", "chaussettes"),
    "sneakers": ("sneakers", "sports shoes", "baskets", "chaussures de sport"),
    "formal_shoes": ("formal shoes", "leather shoes", "chaussures de ville"),
    "heels": ("heels", "high heels", "escarpins", "talons"),
    "sandals": ("sandals", "flat shoes", "sandales", "nu-pieds"),
    "flip_flops": ("flip-flops", "tongs"),
    "handbag": ("handbag", "clutch", "sac à main", "pochette"),
    "backpack": ("backpack", "laptop bag", "sac à dos"),
    "wallet": ("wallet", "portefeuille"),
    "belt": ("belt", "ceinture"),
    "tie": ("tie", "cravate"),
    "scarf": ("scarf", "stole", "écharpe", "foulard"),
    "cap": ("cap", "hat", "casquette", "chapeau"),
    "sunglasses": ("sunglasses", "lunettes de soleil"),
    "watch": ("watch", "montre"),
    "jewellery": ("jewellery", "earrings", "necklace", "bijou", "boucles d'oreilles", "collier"),
    "beauty": ("lipstick", "perfume", "nail polish", "rouge à lèvres", "parfum", "vernis à ongles"),
}
"""English words first, then French; for an encoder that reads words."""

KINDS: Final[tuple[str, ...]] = tuple(KIND_WORDS)

WIDER: Final[dict[str, tuple[str, ...]]] = {
    "topwear": ("tshirt", "shirt", "top", "kurta", "sweater", "sweatshirt"),
    "outerwear": ("jacket", "blazer"),
    "bottomwear": ("trousers", "jeans", "shorts", "skirt"),
    "shoes": ("sneakers", "formal_shoes", "heels", "sandals", "flip_flops"),
    "bags": ("handbag", "backpack", "wallet"),
    "accessories": ("belt", "tie", "scarf", "cap", "sunglasses", "watch"),
    "clothing": (
        "tshirt", "shirt", "top", "kurta", "sweater", "sweatshirt", "jacket", "blazer", "dress", "saree", "romper",
        "trousers", "jeans", "shorts", "skirt", "underwear", "socks",
    ),
}  # fmt: skip
"""What to say where the kind is not sure: the shop's wider categories, the narrower ones first."""

IN_PAIRS: Final[frozenset[str]] = frozenset({*WIDER["shoes"], "socks", "jewellery"})
"""Kinds of which two in one picture may be one article; of jewellery, earrings are the most of it in a shop."""

LONG: Final[frozenset[str]] = frozenset({"dress", "saree", "kurta", "romper", "jacket"})
"""Kinds that reach from the shoulders past the waist: what is above it may look like a top, what is below like a skirt.
Coats are jackets."""


def kinds_of(name: str) -> tuple[str, ...]:
    """Of a kind itself, or of a wider category, the kinds it stands for."""
    return WIDER.get(name, (name,))


NOTHING: Final = "nothing"
PART: Final = "part"
SEVERAL: Final = "several"
NO_GARMENT: Final[tuple[str, ...]] = (NOTHING, PART, SEVERAL)
"""What a cut-out may also be: no garment at all, less than one, more than one."""

OTHER_WORDS: Final[tuple[str, ...]] = (
    "landscape", "animal", "food", "car", "building", "furniture", "floor", "wall", "text", "screen", "person's face",
    "paysage", "animal", "plat cuisiné", "voiture", "immeuble", "meuble", "sol", "mur", "texte", "écran", "visage",
)  # fmt: skip
"""What nobody wears, for an encoder that reads words but was not fitted."""
