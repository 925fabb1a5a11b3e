"""Whatever the counter scans, a reader of others reads."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from bot.conversation.scanned import qr_png

zxingcpp = pytest.importorskip("zxingcpp")


@pytest.mark.parametrize("seed", range(12))
def test_a_code_is_read(seed: int) -> None:
    chance = random.Random(seed)
    text = f"vitrine:reservation:{chance.getrandbits(128):032x}:KLM-{chance.randrange(1000):03d}"
    texts = (text, "https://shop.example/pay/" + "x" * chance.randrange(5, 300))
    for said in texts:
        [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr_png(said))).convert("L"))
        assert found.text == said
