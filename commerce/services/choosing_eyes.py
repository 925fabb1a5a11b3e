"""Which eyes look at this shop, where the settings leave it to the catalogue: those for clothes, or those for anything.

Some of the shop's own pictures are judged: do they show something to wear? The answer is kept in the database, so that
every process wants the same eyes, and found anew only when half of those pictures have made way for others. Between the
two there is a wide strip in which whatever was chosen stays. The change itself is that of any encoder: the old index
answers until the new one is there. Why like this: docs/decisions/0020-eyes-by-catalogue.md.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from heapq import nsmallest
from time import monotonic

import structlog

from commerce.ports import Clock, ImageMatcher, MediaStore, Storage, UnitOfWork

AUTO = "auto"
"""What the settings say where the catalogue is to choose."""
FOR_CLOTHES, FOR_ANYTHING = "vitrine", "objects"

_KEY = "eyes"
_KEPT = timedelta(days=3650)
_SAMPLE = 100  # products, one picture each
FEWEST = 30
_GIVE_WAY_FRAC = 0.45  # of pictures with nothing to wear: from here on the eyes for clothes give way
_COME_BACK_FRAC = 0.25  # and up to here they come back
_NOT_YET = f"taken as the eyes for clothes until the catalogue chooses (from {FEWEST} products with a picture on)"
_STEP = 4  # pictures between two looks at everything else
_FOLLOW_EVERY_S = 5.0
_COMPARE_EVERY_S = 60.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was found, and of which pictures."""

    encoder: str
    of: int
    nothing_to_wear: int
    sample: Sequence[int]

    @property
    def why(self) -> str:
        """Completes "… was"."""
        what = "clothes" if self.encoder == FOR_CLOTHES else "things of any kind"
        found = f"{self.nothing_to_wear} of {self.of} pictures show nothing to wear"
        return f"chosen by the catalogue as the eyes for {what}: {found}"


class ChoosingEyes:
    """One per process. Not for several threads at once. Where the settings name an encoder it does nothing at all."""

    def __init__(
        self, storage: Storage, media: MediaStore, clock: Clock, image_matcher: ImageMatcher, asked: str
    ) -> None:
        """`asked`: the encoder of the settings. The matcher is open with what `encoder_to_open` said."""
        self._storage = storage
        self._media = media
        self._clock = clock
        self._image_matcher = image_matcher
        self._automatic = asked == AUTO
        self._heard: Chosen | None = None
        self._wanted = ("", "")
        self._seq = -1  # the catalogue's last change when the sample was last compared
        self._weighing: Generator[None, None, None] | None = None
        self._follow_from_s = self._compare_from_s = 0.0

    def follow(self) -> None:
        """Wants what was chosen, by this process or another one."""
        if not self._automatic:
            return
        with self._storage.read() as uow:
            chosen = _kept(uow, self._clock)
        wanted = (chosen.encoder, chosen.why) if chosen else (FOR_CLOTHES, _NOT_YET)
        if wanted != self._wanted:
            self._image_matcher.want(*wanted)
            if self._wanted != ("", ""):  # not at the start, where `vitrine serve` says it in words
                _log.info("eyes chosen", encoder=wanted[0], why=wanted[1])
        self._heard, self._wanted = chosen, wanted

    def step(self) -> bool:
        """Follows, and weighs the catalogue where it is due: some tenths of a second of it, the rest at the next calls.
        For whoever follows the catalogue, when nothing else waits. Whether it is weighing still."""
        if not self._automatic:
            return False
        if self._weighing is None:
            if monotonic() < self._follow_from_s:
                return False
            self._follow_from_s = monotonic() + _FOLLOW_EVERY_S
            self.follow()
            if not self._may_be_due():
                return False
            self._weighing = self._weigh()
        try:
            next(self._weighing)
        except StopIteration:
            self._weighing = None
        except BaseException:  # the database is away: it begins again later
            self._weighing, self._seq = None, -1
            raise
        return self._weighing is not None

    def settle(self) -> None:
        """As many steps as it takes: before something that rests on the choice, like teaching."""
        if self._automatic:
            self.follow()
            for _ in self._weigh():
                pass

    def rest(self) -> None:
        """Leaves what is half weighed: it is begun anew."""
        if self._weighing is not None:
            self._weighing.close()
            self._weighing, self._seq = None, -1

    def _may_be_due(self) -> bool:
        """Comparing reads the ids of all pictures: seldom, and not for a catalogue that stands still."""
        if self._heard is not None and monotonic() < self._compare_from_s:
            return False
        with self._storage.read() as uow:
            last = uow.products.last_change()
        moved, self._seq = last != self._seq, last
        self._compare_from_s = monotonic() + _COMPARE_EVERY_S
        return moved

    def _weigh(self) -> Generator[None, None, None]:
        before = self._heard
        with self._storage.read() as uow:
            sample = _sample(uow)
        if len(sample) < FEWEST or (before is not None and _still_there(before.sample, sample)):
            return
        verdicts = []
        for verdict in self._image_matcher.showing_nothing_to_wear(self._files(sample)):
            verdicts.append(verdict)
            if len(verdicts) % _STEP == 0:
                yield
        if len(verdicts) >= FEWEST:
            self._choose(before, sample, verdicts)

    def _choose(self, before: Chosen | None, sample: Sequence[int], verdicts: Collection[bool]) -> None:
        used = before.encoder if before else FOR_CLOTHES
        limit = _GIVE_WAY_FRAC if used == FOR_CLOTHES else _COME_BACK_FRAC
        share = sum(verdicts) / len(verdicts)
        others = share >= limit if used == FOR_CLOTHES else share > limit
        chosen = Chosen(FOR_ANYTHING if others else FOR_CLOTHES, len(verdicts), sum(verdicts), sample)

        def keep(uow: UnitOfWork) -> None:
            """Not over what another process found meanwhile."""
            if _kept(uow, self._clock) == before:
                uow.state.put(_KEY, json.dumps(asdict(chosen)), self._clock.now() + _KEPT)

        self._storage.write(keep)
        self.follow()

    def _files(self, picture_ids: Sequence[int]) -> Iterator[bytes]:
        for picture_id in picture_ids:
            with self._storage.read() as uow:
                stored = uow.products.picture(picture_id)
            data = self._media.get(stored.picture.media_key) if stored and stored.picture.media_key else None
            if data is not None:
                yield data


def encoder_to_open(asked: str, storage: Storage, clock: Clock) -> str:
    """The encoder of the settings; where the catalogue is to choose, what was chosen last, in a new shop the eyes for
    clothes."""
    if asked != AUTO:
        return asked
    with storage.read() as uow:
        chosen = _kept(uow, clock)
    return chosen.encoder if chosen else FOR_CLOTHES


def _kept(uow: UnitOfWork, clock: Clock) -> Chosen | None:
    raw = uow.state.get(_KEY, clock.now())
    if raw is None:
        return None
    told = json.loads(raw)
    return Chosen(told["encoder"], told["of"], told["nothing_to_wear"], tuple(told["sample"]))


def _sample(uow: UnitOfWork) -> tuple[int, ...]:
    """The first picture of some products: always the same ones of the same catalogue, and nearly so of one that hardly
    changed."""
    first: dict[int, int] = {}
    for picture_id, product_id in uow.products.picture_owners():
        first[product_id] = min(picture_id, first.get(product_id, picture_id))
    return tuple(nsmallest(_SAMPLE, first.values(), key=_lot))


def _lot(picture_id: int) -> int:
    """Ids in an order that has nothing to do with when they came (multiplicative hashing, Knuth 6.4)."""
    return picture_id * 0x9E3779B97F4A7C15 % 2**64


def _still_there(before: Collection[int], now: Collection[int]) -> bool:
    """Whether more than half of the pictures are those of then; the same share holds of the catalogues."""
    return 2 * len(set(before) & set(now)) > max(len(before), len(now))
