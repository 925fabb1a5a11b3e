"""Which kinds answer a label of the shared data rightly, the best first."""

from __future__ import annotations

_BY_KIND: dict[str, str] = {
    "tshirt": "Tshirts, Lounge Tshirts, T-Shirt, Polo",
    "tshirt top": "Undershirt",
    "tshirt sweater sweatshirt": "Longsleeve",
    "tshirt underwear": "Innerwear Vests",
    "shirt": "Shirts, Shirt",
    "top": "Tops",
    "top tshirt": "Camisoles, Top",
    "top kurta dress": "Tunics",
    "top shirt": "Blouse, Shrug",
    "kurta": "Kurtas, Kurtis, Kurta Sets",
    "sweater": "Sweaters",
    "sweater jacket": "Waistcoat",
    "sweatshirt": "Sweatshirts",
    "sweatshirt jacket": "Hoodie, Tracksuits",
    "jacket": "Jackets, Rain Jacket, Nehru Jackets",
    "jacket sweatshirt blazer": "Outwear",
    "blazer jacket": "Blazers, Blazer",
    "dress": "Dresses, Nightdress, Dress",
    "saree": "Sarees",
    "romper dress": "Rompers, Jumpsuit",
    "romper tshirt": "Body",
    "trousers": "Trousers, Track Pants, Capris, Leggings, Lounge Pants, Rain Trousers, Patiala, Salwar, Churidar",
    "trousers jeans": "Jeggings, Tights, Pants",
    "jeans trousers": "Jeans",
    "shorts": "Shorts, Lounge Shorts",
    "skirt": "Skirts",
    "skirt dress": "Skirt",
    "underwear": "Bra, Briefs, Trunk, Boxers, Shapewear, Swimwear, Baby Dolls",
    "socks": "Socks, Stockings",
    "sneakers": "Casual Shoes, Sports Shoes",
    "sneakers formal_shoes heels sandals": "Shoes",
    "formal_shoes": "Formal Shoes",
    "heels": "Heels, Booties",
    "sandals": "Sandals, Sports Sandals",
    "sandals heels": "Flats",
    "flip_flops": "Flip Flops",
    "handbag": "Handbags, Clutches",
    "backpack": "Backpacks, Laptop Bag, Rucksacks, Duffel Bag, Messenger Bag",
    "wallet": "Wallets",
    "belt": "Belts",
    "tie": "Ties",
    "scarf": "Scarves, Stoles, Dupatta, Mufflers",
    "cap": "Caps, Hat, Headband",
    "sunglasses": "Sunglasses",
    "watch": "Watches",
    "jewellery": "Earrings, Pendant, Necklace and Chains, Ring, Bangle, Bracelet, Jewellery Set, Cufflinks",
    "beauty": (
        "Perfume and Body Mist, Deodorant, Nail Polish, Lipstick, Lip Gloss, Kajal and Eyeliner, Lip Liner, Mascara, "
        "Foundation and Primer, Face Moisturisers, Highlighter and Blush, Compact, Eyeshadow, Sunscreen, Lip Care, "
        "Face Wash and Cleanser, Fragrance Gift Set, Concealer, Mask and Peel, Hair Colour"
    ),
}

_ACCEPTED = {label: tuple(kinds.split()) for kinds, labels in _BY_KIND.items() for label in labels.split(", ")}


def accepted(label: str) -> tuple[str, ...]:
    """Empty for what is no thing to wear, or too mixed to learn from (gift sets)."""
    return _ACCEPTED.get(label, ())
