"""The tokenizer of the built-in encoder: open_clip's rules without torch."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from visual_search.encoders.tokenizer import BpeTokenizer, cleaned
from visual_search.encoders.vitrine import MODEL_DIRECTORY
from visual_search.training.bpe import as_file, learn_merges

TEXTS = [
    "Robe midi en lin bleu marine, taille 38", "l'été, d'occasion", "don't  it's", "T-shirt &amp; jean", "naïve ÉTÉ",
    "9912PP09", "🧥 👗", "", "日本語のシャツ", "½ manche", "a_b", "ﬁn", "q" * 400,
]  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> BpeTokenizer:
    return BpeTokenizer((MODEL_DIRECTORY / "merges.txt.gz").read_bytes(), 32)


def test_ids_are_those_of_open_clip(shipped: BpeTokenizer) -> None:
    open_clip = pytest.importorskip("open_clip", reason="needs the clip extra")
    theirs = open_clip.SimpleTokenizer(str(MODEL_DIRECTORY / "merges.txt.gz"), context_length=32)
    assert theirs.vocab_size == shipped.size
    for text in TEXTS[:9]:
        assert shipped.encode(text) == theirs.encode(text), text
    rows = shipped.batch(TEXTS[:6])
    assert (rows == theirs(TEXTS[:6]).numpy()[:, : rows.shape[1]]).all()


def test_every_text_has_ids_within_the_context(shipped: BpeTokenizer) -> None:
    rows = shipped.batch(TEXTS)
    assert rows.shape[1] <= 32
    assert (rows[:, 0] == shipped.start_id).all()
    assert (rows.max(1) == shipped.end_id).all()
    assert (rows.argmax(1) == (rows != 0).sum(1) - 1).all(), "the end comes last"


def test_no_texts_is_no_rows(shipped: BpeTokenizer) -> None:
    assert shipped.batch([]).shape == (0, 2)


def test_half_a_letter_is_no_surprise() -> None:
    assert cleaned("caf\ud800é  X") == "café x"


def test_merges_are_learned_from_the_most_frequent_pairs() -> None:
    merges = learn_merges(["robe robe robe rose"], 514 + 3)
    assert merges[0] == ("r", "o")
    assert learn_merges(["robe robe robe rose"], 514 + 3) == merges
    lines = gzip.decompress(as_file(merges)).decode().split("\n")
    assert len(lines) == 1 + len(merges) and lines[-1] != ""
    tokenizer = BpeTokenizer(as_file(merges), 8)
    assert len(tokenizer.encode("robe")) < len("robe")
    assert tokenizer.batch(["robe"]).dtype == np.int64


def test_a_file_that_is_none_of_merges_is_refused() -> None:
    with pytest.raises(ValueError, match="two pieces"):
        BpeTokenizer(gzip.compress(b"first\none two three"), 8)
