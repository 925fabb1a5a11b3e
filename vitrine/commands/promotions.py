"""promotion: the codes of the shop, for whoever writes its offers."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from vitrine.console import Json, misuse, open_shop, print_json, refuse

if TYPE_CHECKING:
    from commerce.domain.promotion import Promotion, PromotionKind
    from commerce.settings import Settings

promotion_app = typer.Typer(help="Promotion codes: nothing else ever lowers a price.", no_args_is_help=True)
ACTOR = "command"


def register(app: typer.Typer) -> None:
    app.add_typer(promotion_app, name="promotion")


@promotion_app.command()
def add(
    code: Annotated[str, typer.Argument(help="As shoppers type it; capitals and spaces do not matter.")],
    percent: Annotated[str, typer.Option("--percent", metavar="N", help="Takes N % off: 10, or 7.5.")] = "",
    amount: Annotated[str, typer.Option("--amount", metavar="N", help="Takes N off, in the shop's currency.")] = "",
    free_delivery: Annotated[bool, typer.Option("--free-delivery", help="The parcel costs nothing.")] = False,
    minimum: Annotated[str, typer.Option("--min", metavar="N", help="Only from N on, delivery not counted.")] = "",
    starts: Annotated[str, typer.Option("--from", metavar="MOMENT", help="2026-03-20, or 2026-03-20T18:00.")] = "",
    ends: Annotated[
        str, typer.Option("--until", metavar="MOMENT", help="Through that day, or until that moment.")
    ] = "",
    max_uses: Annotated[int, typer.Option("--max-uses", min=0, help="Orders altogether; 0: as many as like.")] = 0,
    once: Annotated[bool, typer.Option("--once", help="Once a customer.")] = False,
    json: Json = False,
) -> None:
    """Makes a code, or gives an old one new conditions; how often it was used stays counted."""
    from commerce.domain.promotion import Promotion, code_of

    with open_shop(indexed=False) as shop:
        settings = shop.settings
        kind, value = _worth(percent, amount, free_delivery, settings)
        promotion = Promotion(
            code=code_of(code),
            kind=kind,
            value=value,
            currency=settings.currency,
            min_subtotal_minor=_minor("--min", minimum, settings) if minimum else 0,
            starts_at=_moment("--from", starts, settings),
            ends_at=_moment("--until", ends, settings, through_the_day=True),
            max_uses=max_uses,
            once_per_customer=once,
        )
        try:
            stored = shop.storage.write(lambda uow: shop.promotions.put(uow, promotion, ACTOR))
        except ValueError as mistake:
            misuse(str(mistake))
        now = shop.clock.now()
    _print(stored, now, json=json)


@promotion_app.command("list")
def list_all(json: Json = False) -> None:
    """Every code with its conditions, how often it was used, and whether it counts now."""
    with open_shop(indexed=False) as shop:
        with shop.storage.read() as uow:
            found = shop.promotions.all(uow)
        now = shop.clock.now()
    if json:
        print_json([_as_json(promotion) for promotion in found])
        return
    for promotion in found:
        print(_line(promotion, now))
    if not found:
        print("no codes")


@promotion_app.command()
def stop(
    code: Annotated[str, typer.Argument(help="The code that no longer counts.")],
    json: Json = False,
) -> None:
    """From now on the code counts for nobody. Orders that have it keep it; `add` brings it back."""
    with open_shop(indexed=False) as shop:
        stopped = shop.storage.write(lambda uow: shop.promotions.stop(uow, code, ACTOR))
        now = shop.clock.now()
    if stopped is None:
        refuse(f"there is no code {code}")
    _print(stopped, now, json=json)


def _worth(percent: str, amount: str, free_delivery: bool, settings: Settings) -> tuple[PromotionKind, int]:
    from commerce.domain.promotion import PromotionKind

    if (bool(percent), bool(amount), free_delivery).count(True) != 1:
        misuse("one of --percent, --amount and --free-delivery")
    if percent:
        points = _number("--percent", percent) * 100
        if points != points.to_integral_value():
            misuse(f"--percent {percent}: at most two digits after the point")
        return PromotionKind.PERCENT, int(points)
    if amount:
        return PromotionKind.AMOUNT, _minor("--amount", amount, settings)
    return PromotionKind.FREE_DELIVERY, 0


def _number(option: str, text: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        misuse(f"{option} {text}: not a number")
    if not number.is_finite() or abs(number) > 10**9:
        misuse(f"{option} {text}: not an amount")
    return number


def _minor(option: str, text: str, settings: Settings) -> int:
    from commerce.domain.money import exponent

    minor = _number(option, text).scaleb(exponent(settings.currency))
    if minor != minor.to_integral_value() or minor < 0:
        misuse(f"{option} {text}: not an amount of {settings.currency}")
    return int(minor)


def _moment(option: str, text: str, settings: Settings, *, through_the_day: bool = False) -> datetime | None:
    """In the shop's zone unless it says another one; a day alone is its beginning, or its end."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        misuse(f"{option} {text}: expected a day or a moment, such as 2026-03-20 or 2026-03-20T18:00")
    if through_the_day and len(text) == len("2026-03-20"):
        moment += timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(settings.timezone))


def _print(promotion: Promotion, now: datetime, *, json: bool) -> None:
    if json:
        print_json(_as_json(promotion))
    else:
        print(_line(promotion, now))


def _as_json(promotion: Promotion) -> dict[str, Any]:
    return {
        "code": promotion.code,
        "kind": promotion.kind.value,
        "value": promotion.value,
        "currency": promotion.currency,
        "min_subtotal_minor": promotion.min_subtotal_minor,
        "starts_at": promotion.starts_at.isoformat() if promotion.starts_at else None,
        "ends_at": promotion.ends_at.isoformat() if promotion.ends_at else None,
        "max_uses": promotion.max_uses,
        "once_per_customer": promotion.once_per_customer,
        "active": promotion.active,
        "uses": promotion.uses,
    }


def _line(promotion: Promotion, now: datetime) -> str:
    from commerce.domain.money import Money
    from commerce.domain.promotion import PromotionKind

    def amount(minor: int) -> str:
        return f"{Money(minor, promotion.currency).amount} {promotion.currency}"

    match promotion.kind:
        case PromotionKind.PERCENT:
            worth = f"-{(Decimal(promotion.value) / 100).normalize():f} %"
        case PromotionKind.AMOUNT:
            worth = f"-{amount(promotion.value)}"
        case PromotionKind.FREE_DELIVERY:
            worth = "free delivery"
    parts = [worth]
    if promotion.min_subtotal_minor:
        parts.append(f"from {amount(promotion.min_subtotal_minor)} on")
    if promotion.once_per_customer:
        parts.append("once a customer")
    if promotion.starts_at and now < promotion.starts_at:
        parts.append(f"begins {promotion.starts_at:%Y-%m-%d %H:%M %Z}")
    if promotion.ends_at:
        parts.append(f"{'until' if now < promotion.ends_at else 'over since'} {promotion.ends_at:%Y-%m-%d %H:%M %Z}")
    if not promotion.active:
        parts.append("stopped")
    parts.append(f"used {promotion.uses}" + (f" of {promotion.max_uses}" if promotion.max_uses else ""))
    return f"{promotion.code:<16} {', '.join(parts)}"
