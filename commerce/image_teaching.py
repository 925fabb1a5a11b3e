"""Products and words as the eyes are taught them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from commerce.domain.product import Product
from commerce.errors import IndexNotBuilt
from commerce.ports import KindWords, Taught
from commerce.ports.teaching import Progress

if TYPE_CHECKING:
    from visual_search.api import Eyes


def teach_eyes(
    eyes: Eyes,
    products: Sequence[Product],
    words: Sequence[KindWords],
    read: Callable[[int], bytes | None],
    on_progress: Progress,
    *,
    apply: bool,
) -> Taught:
    """See `commerce.ports.Teachable.teach`."""
    from visual_search.errors import EncoderUnavailable, EyesUnavailable
    from visual_search.fitting import lessons

    taught = [
        lessons.Taught(
            product.id,
            product.title.by_language,
            product.category,
            product.colours,
            tuple(picture.id for picture in product.pictures if picture.media_key),
        )
        for product in products
    ]
    captions = [lessons.Caption(one.language, one.text, one.category, one.colour) for one in words]
    try:
        outcome = eyes.teach(taught, captions, read, on_progress, apply=apply)
    except (EncoderUnavailable, EyesUnavailable) as refused:
        raise IndexNotBuilt(refused.reason) from refused
    except OSError as error:
        raise IndexNotBuilt(f"what was learned cannot be written: {error.strerror}") from error
    return Taught(
        outcome.refused,
        outcome.products,
        outcome.pictures,
        outcome.held_out,
        outcome.before,
        outcome.after,
        outcome.whole_before,
        outcome.whole_after,
        outcome.took_s,
    )
