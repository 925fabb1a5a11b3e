"""Promotions: the codes that somebody of the shop made, and whether one of them counts for this cart now."""

from __future__ import annotations

from dataclasses import replace

from commerce.domain.money import Money
from commerce.domain.promotion import NotApplied, Promotion, PromotionKind, code_of, why_not
from commerce.domain.reservation import Refused
from commerce.ports import Clock, UnitOfWork

LARGEST_PERCENT_BP = 10_000


class Promotions:
    """All verbs belong to the caller's unit of work. Nothing that a shopper says makes a promotion."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def find(
        self, uow: UnitOfWork, typed: str, *, customer_id: str, subtotal: Money | None
    ) -> Promotion | Refused[NotApplied]:
        """The promotion of a code as typed, if it counts for this customer now. `subtotal` None: nothing is in the cart
        yet, so its amount is not looked at."""
        promotion = uow.promotions.get(code_of(typed)) if code_of(typed) else None
        if promotion is None:
            return Refused(NotApplied.UNKNOWN)
        reason = why_not(
            promotion,
            now=self._clock.now(),
            subtotal_minor=promotion.min_subtotal_minor if subtotal is None else subtotal.minor,
            currency=promotion.currency if subtotal is None else subtotal.currency,
            used_by_customer=promotion.once_per_customer and uow.promotions.used_by(promotion.code, customer_id),
        )
        return promotion if reason is None else Refused(reason)

    def put(self, uow: UnitOfWork, promotion: Promotion, actor: str) -> Promotion:
        """Makes it, or changes its conditions. Raises ValueError for one that makes no sense."""
        _check(promotion)
        uow.promotions.put(promotion)
        details = {"kind": promotion.kind.value, "value": promotion.value, "currency": promotion.currency}
        uow.audit.add(actor, "put_promotion", promotion.code, details, self._clock.now())
        return promotion

    def stop(self, uow: UnitOfWork, typed: str, actor: str) -> Promotion | None:
        """From now on it counts for nobody; orders that have it keep it. None: there is no such code."""
        promotion = uow.promotions.get(code_of(typed))
        if promotion is None:
            return None
        stopped = replace(promotion, active=False)
        uow.promotions.put(stopped)
        uow.audit.add(actor, "stop_promotion", stopped.code, {}, self._clock.now())
        return stopped

    def all(self, uow: UnitOfWork) -> list[Promotion]:
        return uow.promotions.all()


def _check(promotion: Promotion) -> None:
    if not promotion.code or promotion.code != code_of(promotion.code) or not promotion.code.isprintable():
        raise ValueError("a code has 1 to 40 letters, digits or signs, without spaces, in capitals")
    if promotion.kind is PromotionKind.PERCENT and not 0 < promotion.value <= LARGEST_PERCENT_BP:
        raise ValueError("a percentage lies above 0 and at most at 100")
    if promotion.kind is PromotionKind.AMOUNT and promotion.value <= 0:
        raise ValueError("an amount lies above 0")
    if promotion.min_subtotal_minor < 0 or promotion.max_uses < 0:
        raise ValueError("neither the least subtotal nor the most uses may be below 0")
    if promotion.starts_at and promotion.ends_at and promotion.ends_at <= promotion.starts_at:
        raise ValueError("it ends before it starts")
