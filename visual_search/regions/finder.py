"""From a photo's view to the things to wear in it: propose, rank, cut, encode, score, choose."""

from __future__ import annotations

import numpy as np

from visual_search.encoders.base import Encoder
from visual_search.regions.boxes import around, as_array, as_box, covered
from visual_search.regions.choosing import Rule, choose
from visual_search.regions.cutting import cut
from visual_search.regions.evidence import Evidence, gather
from visual_search.regions.joining import is_one, suspects
from visual_search.regions.layers import Floats, Layers
from visual_search.regions.model import WORDS_RULE, load_model, load_ranker, models_of
from visual_search.regions.proposals import propose
from visual_search.regions.ranking import best
from visual_search.regions.scoring import KindScorer, WordScorer, name_of
from visual_search.values import Box, Garment, Pixels, Verdict

MOST_CUTS = 6
"""Encoded a photo, beside the whole: the encoder is most of what looking costs."""

_DOUBTED = 0.35
"""In a photo that may show something else a garment must be named this surely: what is not to wear may look like one
garment, but seldom like one of a kind. With the built-in encoder .022 of phone photos of clothes are then turned away
(.020 if none were doubted) and .800 of pictures of other things (.713)."""


class GarmentFinder:
    """Thread-safe."""

    def __init__(self, encoder: Encoder, ranker: Layers, scorer: KindScorer, rule: Rule) -> None:
        self.encoder = encoder
        self._ranker = ranker
        self._scorer = scorer
        self._rule = rule

    def find(self, view: Pixels, whole: Evidence, verdict: Verdict) -> tuple[Garment, ...]:
        """In a view [h, w, 3] whose whole was encoded and judged already. Surest first; empty where there is none."""
        proposals = propose(view)
        chosen = best(proposals, self._ranker, MOST_CUTS)
        boxes = np.concatenate([proposals.boxes[:1], proposals.boxes[chosen]])
        likely = self._ranker(proposals.traits[np.concatenate([[0], chosen])])[:, 0]
        evidence = whole + gather(self.encoder, cut(view, boxes[1:], self.encoder.input_px))
        shares = self._scorer.score(evidence)
        found = tuple(
            _garment(as_box(boxes[at]), shares[at], evidence.vectors[at])
            for at in choose(boxes, shares, likely, self._rule)
        )
        if verdict == "unsure" and all(garment.score < _DOUBTED for garment in found):
            return ()
        return self._joined(view, found)

    def _joined(self, view: Pixels, found: tuple[Garment, ...]) -> tuple[Garment, ...]:
        """The same, with one for two that are one article and for all that lies in it; it may have been found in more
        than two parts."""
        boxes = np.array([as_array(garment.box) for garment in found], np.float32).reshape(-1, 4)
        for first, second in suspects(view, boxes):
            both = around(boxes[[first]], boxes[[second]])
            evidence = gather(self.encoder, cut(view, both, self.encoder.input_px))
            shares = self._scorer.score(evidence)[0]
            if is_one(shares, found[first], found[second]):
                within = covered(boxes, both)[:, 0] > 2 * self._rule.apart
                left = [garment for garment, inside in zip(found, within, strict=True) if not inside]
                left.append(_garment(as_box(both[0]), shares, evidence.vectors[0]))
                return self._joined(view, tuple(sorted(left, key=lambda garment: -garment.score)))
        return found

    def name(self, box: Box, evidence: Evidence) -> Garment:
        """The one cut-out of `evidence` as a garment, however unlikely it is one."""
        return _garment(as_box(as_array(box)), self._scorer.score(evidence)[0], evidence.vectors[0])


def open_finder(encoder: Encoder) -> GarmentFinder | None:
    """None where nothing was fitted for this encoder and it reads no words. Raises EncoderUnavailable for damaged
    files."""
    fitted = load_model(models_of(encoder.name), encoder.revision)
    if fitted is not None:
        return GarmentFinder(encoder, load_ranker(), *fitted)
    if encoder.reads_words:
        return GarmentFinder(encoder, load_ranker(), WordScorer(encoder), WORDS_RULE)
    return None


def _garment(box: Box, shares: Floats, vector: Floats) -> Garment:
    kind, share = name_of(shares)
    return Garment(box, kind, round(min(share, 1.0), 4), vector)
