"""Words → intent and slots, in French and English, typos included. Pure: no database, no network, no clock."""

from commerce.understanding.model import (
    Context,
    Focus,
    Intent,
    Pending,
    PriceWish,
    Reference,
    Shown,
    Side,
    SizeWish,
    Slots,
    StoreName,
    Understood,
)
from commerce.understanding.understand import understand

__all__ = [
    "Context",
    "Focus",
    "Intent",
    "Pending",
    "PriceWish",
    "Reference",
    "Shown",
    "Side",
    "SizeWish",
    "Slots",
    "StoreName",
    "Understood",
    "understand",
]
