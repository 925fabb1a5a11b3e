"""What teaching a catalogue is worth: a merchant whose products the encoder was never trained on.

    python -m visual_search.training.measure_fit [--renamed] [--part dev|test]     needs the shared data; minutes

The products of TEST are the merchant's. With `--renamed` every word of their names that is no word for a kind, a colour
or a person is replaced by an invented one, always the same: makers and collections that the encoder has never heard of,
as those of a real shop would be.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visual_search.encoders.vitrine import MODEL_DIRECTORY, VitrineEncoder
from visual_search.fits import unit
from visual_search.fitting.lessons import Caption, Taught
from visual_search.fitting.teaching import teach
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.training.captions import FrenchNames, Lexicon
from visual_search.training.corpus import DEV, TEST, Corpus, load
from visual_search.training.shared_data import PHOTO_TYPES, data_directory
from visual_search.values import Picture, Vectors

_SYLLABLES = "ba be bo da du fi ga jo ka ke la lo mi mo na ne pa po ri ro sa si ta to va vi za zo".split()  # noqa: SIM905
_WORD = re.compile(r"[^\W\d_]+")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what teaching a catalogue is worth.")
    parser.add_argument("--renamed", action="store_true", help="makers and collections get invented names")
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--cache", type=Path, default=Path("var/training"))
    parser.add_argument("--model", type=Path, default=MODEL_DIRECTORY)
    asked = parser.parse_args()
    part = TEST if asked.part == "test" else DEV
    corpus = load(data_directory(), asked.cache)
    lexicon = Lexicon(data_directory() / "fashion" / "lexicon.tsv")
    rows = np.flatnonzero(corpus.part == part)
    products, captions = merchant(corpus, lexicon, rows, renamed=asked.renamed)
    encoder = VitrineEncoder(asked.model)
    with PictureDecoder(encoder.input_px, resize=encoder.resize) as decoder:
        outcome = teach(products, captions, lambda row: _png(corpus.products[row]), encoder, decoder, _quiet)
        told = {
            "products": outcome.products,
            "held_out": outcome.held_out,
            "took_s": round(outcome.took_s),
            "refused": outcome.refused,
            "held_out_before": outcome.before,
            "held_out_after": outcome.after,
            "whole_before": outcome.whole_before,
            "whole_after": outcome.whole_after,
        }
        if outcome.fit is not None and outcome.album is not None and outcome.vectors is not None:
            photos = np.flatnonzero(corpus.photo_part == part)
            vectors, features = _seen(encoder, decoder, [_png(corpus.photos[at]) for at in photos])
            kinds = np.array([corpus.rows[row]["article_type"] for row in outcome.album.ids])
            labels = [corpus.photo_labels[at] for at in photos]
            taught = outcome.fit.additions.pictures(vectors, features)
            told["phone_photos"] = len(photos)
            told["phone_photos_type_p10_before"] = _right(vectors, outcome.album.vectors, kinds, labels)
            told["phone_photos_type_p10_after"] = _right(taught, outcome.vectors, kinds, labels)
    print(json.dumps(told, indent=1))


def merchant(
    corpus: Corpus, lexicon: Lexicon, rows: NDArray[np.int64], *, renamed: bool
) -> tuple[list[Taught], list[Caption]]:
    """These products as a shop has them: a name in each language, a kind, a colour and a picture."""
    french = FrenchNames(lexicon)
    rename = _renaming(lexicon, french) if renamed else str
    products, captions = [], dict[Caption, None]()
    for row in rows.tolist():
        told = corpus.rows[row]
        kind, colour = told["article_type"], told["base_colour"]
        names = {"en": rename(told["title"]), "fr": rename(french.of(told["title"], kind))}
        known = ("base_colour", colour) in lexicon.english
        products.append(Taught(int(told["id"]), names, kind, (colour,) if known else (), (row,)))
        noun = lexicon.nouns[kind][0]
        english = lexicon.english["article_type", kind][0]
        captions |= {Caption("en", english, kind): None, Caption("fr", noun.text, kind): None}
        if known:
            agreed = lexicon.french("base_colour", colour, noun.form)[0]
            word = lexicon.english["base_colour", colour][0]
            captions |= {
                Caption("en", f"{word} {english}", kind, colour): None,
                Caption("fr", f"{noun.text} {agreed}", kind, colour): None,
            }
    return products, list(captions)


def _renaming(lexicon: Lexicon, french: FrenchNames) -> Callable[[str], str]:
    texts = [text for texts in lexicon.english.values() for text in texts]
    texts += [noun.text for nouns in lexicon.nouns.values() for noun in nouns]
    texts += [text for every in lexicon._french.values() for forms in every for text in forms]
    texts += [*french._words, *french._words.values(), "pour and with de en et men mens women womens homme femme"]
    known = {word for text in texts for word in _WORD.findall(text.lower())}

    def invented(found: re.Match[str]) -> str:
        word = found[0].lower()
        if word in known or len(word) < 2:
            return found[0]
        digest = hashlib.sha256(word.encode()).digest()
        return "".join(_SYLLABLES[byte % len(_SYLLABLES)] for byte in digest[: 2 + len(word) // 4]).capitalize()

    return lambda name: _WORD.sub(invented, name)


def _seen(
    encoder: VitrineEncoder, decoder: PictureDecoder, pictures: Sequence[bytes]
) -> tuple[Vectors, NDArray[np.float32]]:
    read = [one for one in decoder.read_many(pictures, copies=False) if isinstance(one, Picture)]
    vectors, features = encoder.see(np.stack([one.pixels for one in read]))
    return vectors, unit(features)


def _right(asked: Vectors, shown: Vectors, kinds: NDArray[np.str_], labels: Sequence[str]) -> float:
    best = np.argsort(-(asked @ shown.T), axis=1)[:, :10]
    right = [np.isin(kinds[found], PHOTO_TYPES[label]).mean() for found, label in zip(best, labels, strict=True)]
    return round(float(np.mean(right)), 4)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.asarray(pixels)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _quiet(what: str, done: int, of: int | None) -> None:
    pass


if __name__ == "__main__":
    main()
