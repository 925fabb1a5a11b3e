"""Two people of the store who act on one reservation at the same moment, step by step until it is over."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from commerce.domain.collecting import NotMoved, PickUp, PickUpKind, PickUpRef, RejectReason, Stage
from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.reservation import Refused, Reservation
from commerce.services.again import write_again
from commerce.services.rejecting import Rejected
from vitrine.prove import ProofResult
from vitrine.prove._each_database import on_each_database
from vitrine.prove._scratch_shop import Tally
from vitrine.prove._selling_shop import STORE, SellingShop, selling_shop

PROMISE = (
    "Of two people of a store who accept, prepare, make ready, hand over or reject one reservation at the same moment,"
    " one does it and the other is told that it is done; its unit leaves the shop once or is free again, and its"
    " history tells every step once."
)
DEFAULT_N = 1_000
CI_N = 40

_STAFF = ("staff:nadia", "staff:karim")
_BETWEEN = timedelta(minutes=20)
# What may be done with it at each stage; rejecting ends it, so it is chosen less often.
_VERBS = {
    Stage.NEW: (*["accept"] * 5, *["start_preparing"] * 2, *["ready"] * 2, "reject"),
    Stage.ACCEPTED: (*["start_preparing"] * 5, *["ready"] * 4, "reject"),
    Stage.PREPARING: (*["ready"] * 9, "reject"),
    Stage.READY: (*["hand_over"] * 4, "reject"),
}
_TOLD = {NotMoved.STALE, NotMoved.OVER, NotHandedOver.ALREADY, NotHandedOver.OVER, NotHandedOver.NOT_READY}


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` reservations on each database, each from new to its end by two people at once."""

    def prove(url: str, folder: Path) -> ProofResult:
        with selling_shop(url, folder, seed, units=(1,), people=1) as selling:
            tally = _Rounds(selling, random.Random(seed)).play(n, report)
            broken = selling.breaches()
        wrong = tally["both"] + tally["neither"] + tally["error"] + tally["wrong stock"] + tally["wrong history"]
        good = not wrong and not broken and tally["handed"] + tally["rejected"] == n and tally["handed"] > 0
        return ProofResult(
            good,
            f"{n:,} reservations, {tally['steps']:,} steps wanted by two, {tally['one']:,} done once,"
            f" both {tally['both']}, neither {tally['neither']}, wrong stock {tally['wrong stock']}, wrong history"
            f" {tally['wrong history']}, errors {tally['error']} ({tally['handed']:,} handed over,"
            f" {tally['rejected']:,} rejected)",
            {**tally.counts, "whole": good, "breaches": broken},
        )

    return on_each_database(scratch, report, prove)


class _Rounds:
    def __init__(self, selling: SellingShop, rng: random.Random) -> None:
        self._selling, self._shop, self._rng = selling, selling.shop, rng
        (self._variant,) = selling.variants
        self._start = threading.Barrier(len(_STAFF))
        self._tally = Tally()

    def play(self, n: int, report: Callable[[str], None]) -> Tally:
        with ThreadPoolExecutor(len(_STAFF)) as pool:
            for number in range(n):
                self._selling.clock.advance(_BETWEEN)
                self._selling.set_on_hand(self._variant, 1)
                self._to_its_end(pool, self._reserve())
                if number % 100 == 99:
                    report(f"{number + 1:,} reservations")
        return self._tally

    def _reserve(self) -> PickUpRef:
        customer, contact = self._selling.person(0)
        held = self._shop.storage.write(
            lambda uow: self._shop.reserving.place(
                uow, customer_id=customer, contact=contact, store_id=STORE, lines=[(self._variant, 1)]
            )
        )
        assert isinstance(held, Reservation), held
        return PickUpRef(PickUpKind.RESERVATION, held.id)

    def _to_its_end(self, pool: ThreadPoolExecutor, ref: PickUpRef) -> None:
        done: list[Stage] = [Stage.NEW]
        while (card := self._card(ref)).is_open:
            verbs = [self._rng.choice(_VERBS[card.stage]) for _ in _STAFF]
            won = list(pool.map(lambda pair: self._try(card, *pair), zip(_STAFF, verbs, strict=True)))
            self._tally.add("steps")
            self._tally.add({0: "neither", 1: "one"}.get(sum(won), "both"))
            if not any(won):
                break  # it would go on for ever
            done.append(self._card(ref).stage)
        self._look(ref, done)

    def _try(self, card: PickUp, actor: str, verb: str) -> bool:
        """Whether it was done; whoever it was not done for is told so."""
        self._start.wait(60)
        try:
            answer = self._do(card, actor, verb)
        except Exception as error:
            self._tally.add("error")
            self._tally.add(f"{type(error).__name__}: {error}"[:200])
            return False
        if isinstance(answer, (Refused, HandOverRefused)):
            self._tally.add(f"told {answer.reason}")
            if answer.reason not in _TOLD:
                self._tally.add("error")
            return False
        self._tally.add(f"{verb} done")
        return True

    def _do(self, card: PickUp, actor: str, verb: str) -> PickUp | Rejected | Refused[NotMoved] | HandOverRefused:
        shop, ref = self._shop, card.ref
        match verb:
            case "hand_over":
                return write_again(
                    shop.storage, lambda uow: shop.collecting.hand_over(uow, ref, code=card.code, by=actor)
                )
            case "reject":
                return shop.storage.write(
                    lambda uow: shop.offering.reject(
                        uow, ref, RejectReason.OTHER, alike=(), actor=actor, version=card.version
                    )
                )
            case _:
                move = getattr(shop.collecting, verb)
                moved: PickUp | Refused[NotMoved] = shop.storage.write(
                    lambda uow: move(uow, ref, card.version, by=actor)
                )
                return moved

    def _look(self, ref: PickUpRef, done: list[Stage]) -> None:
        """One unit left the shop, or it is free again; the history says each step once, and nothing else."""
        card = self._card(ref)
        level = self._selling.level(self._variant)
        was_handed = card.stage is Stage.HANDED
        self._tally.add("handed" if was_handed else "rejected" if card.stage is Stage.REJECTED else "left open")
        if (level.on_hand, level.held) != ((0, 0) if was_handed else (1, 0)):
            self._tally.add("wrong stock")
        with self._shop.storage.read() as uow:
            told = [moment.what for moment in self._shop.collecting.history(uow, ref)]
        if told != [stage.value for stage in done] or card.version != len(told):
            self._tally.add("wrong history")

    def _card(self, ref: PickUpRef) -> PickUp:
        with self._shop.storage.read() as uow:
            card = uow.pick_ups.get(ref)
        assert card is not None
        return card
