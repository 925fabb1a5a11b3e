"""Do a shop's own pictures show things to wear? To choose the encoder by; a shopper's photo is judged by `look`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from visual_search.preprocess.limits import Limits
from visual_search.values import Picture

STEP = 4
"""Pictures read and judged at a time: some tenths of a second."""


def showing_nothing_to_wear(pictures: Iterable[bytes], limits: Limits | None = None) -> Iterator[bool]:
    """In order, lazily, of those that can be read. Judged by the ImageNet encoder, whichever looks at the shop; it and
    its child are there as long as this runs. Raises EncoderUnavailable, EyesUnavailable."""
    from visual_search.encoders.imagenet import ImagenetEncoder
    from visual_search.preprocess.decoder import PictureDecoder

    witness, rest = ImagenetEncoder(), iter(pictures)
    with PictureDecoder(witness.input_px, limits, children=1) as decoder:
        while batch := list(islice(rest, STEP)):
            read = [one.pixels for one in decoder.read_many(batch, copies=False) if isinstance(one, Picture)]
            if read:
                _, features, logits = witness.see(np.stack(read))
                yield from map(bool, witness.judge.nothing_worn(features, logits))
