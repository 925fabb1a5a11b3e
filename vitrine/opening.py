"""What a shop says of itself when it opens: where its pages are, what is not in use, and what to do about it.

For whoever keeps the shop, in their language; what whoever runs it wants to know is said by `vitrine doctor`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from commerce.i18n import Translator
from commerce.services.choosing_eyes import AUTO, FEWEST, FOR_ANYTHING

if TYPE_CHECKING:
    from commerce.wiring import Shop

words = Translator(Path(__file__).parent)

_PAGES = (
    ("The shop", "/"),
    ("Web chat", "/chat"),
    ("Stores", "/stores"),
    ("For the team", "/staff"),
    ("For other programs", "/api/v1/openapi.json"),
    ("For monitoring", "/readyz"),
)
_CHANNELS = {"telegram": "Telegram for shoppers", "telegram-staff": "Telegram for the team"}
_WAYS_TO_PAY = {
    "pay_in_store": "at the counter",
    "stripe": "Stripe",
    "square": "Square",
    "telegram": "Telegram",
    "fake": "make-believe money",
}
_NOT_SET = " is not set"


def opening(shop: Shop, address: str, language: str) -> str:
    """All of it, for a terminal."""
    t = partial(words, language)
    said = [t("“{name}” is open: {address}", name=shop.settings.shop_name, address=address), ""]
    pages = list(_pages(shop))
    width = max(len(t(what)) for what, _ in pages)
    said += [f"  {t(what):<{width}}  {address}{path}" for what, path in pages]
    said.append("")
    open_ways, closed = _doors(shop)
    if open_ways:
        said.append("  " + t("Shoppers can pay: {ways}.", ways=", ".join(map(t, open_ways))))
    said += ["  " + line for line in _photos(shop.image_matcher.describe(), shop.settings.encoder, language)]
    if closed:
        said += ["", "  " + t("Not in use. Each waits for a setting (docs/howto/run-for-real.md):")]
        said += ["    " + t("{what}: {why}", what=t(what), why=why.removesuffix(_NOT_SET)) for what, why in closed]
    return "\n".join([*said, "", t("Ctrl+C closes it.")])


def _pages(shop: Shop) -> Iterator[tuple[str, str]]:
    yield from _PAGES
    with shop.storage.read() as uow:
        some = uow.products.after(0, 1)
        catalogues = uow.lookbooks.shown()
    if some:
        yield "A product", f"/p/{some[0].id}"
    if catalogues:
        yield "A catalogue", f"/l/{catalogues[0].slug}"


def _doors(shop: Shop) -> tuple[list[str], list[tuple[str, str]]]:
    """Ways to pay that are open, and what waits for a setting, with that setting or what is wrong with it."""
    from bot.channels import describe_channels
    from commerce.payments import describe_providers

    settings = shop.settings
    channels = {state.name: state.off_because for state in describe_channels(settings)}
    providers = {state.name: state.off_because for state in describe_providers(settings)}
    open_ways = [called for name, called in _WAYS_TO_PAY.items() if not providers[name]]
    closed = [(called, channels[name]) for name, called in _CHANNELS.items() if channels[name]]
    # Make-believe money is not offered where it could be taken for real.
    closed += [(_PAYING[name], reason) for name, reason in providers.items() if reason and name in _PAYING]
    if not settings.secrets_of("pos_secret"):
        closed.append(("A till of your own", f"VITRINE_POS_SECRET{_NOT_SET}"))
    if shop.importing.source is None:
        closed.append(("Posts from Instagram", f"VITRINE_INSTAGRAM_TOKEN{_NOT_SET}"))
    return open_ways, closed


_PAYING = {
    "pay_in_store": "Paying at the counter",
    "stripe": "Paying by Stripe",
    "square": "Paying by Square",
    "telegram": "Paying in Telegram",
}


def _photos(eyes: Mapping[str, object], encoder: str, language: str) -> Iterator[str]:
    """What shoppers can do with a photo; and where nobody has told what this shop sells, what was taken for granted."""
    t, count = partial(words, language), int(str(eyes["pictures"]))
    if eyes["state"] == "off":
        yield t("Shoppers cannot search by photo: {reason}", reason=eyes["reason"])
        return
    if eyes["next_encoder"] and eyes["reason"]:
        yield t("A new way of comparing pictures cannot be prepared: {reason}", reason=eyes["reason"])
    elif eyes["next_encoder"]:
        yield t("A new way of comparing pictures is being prepared; until it is there, the old one answers.")
    elif eyes["state"] == "rebuilding":
        yield t("The search by photo is being prepared; everything else works already.")
    else:
        yield words.plural(
            language,
            "Shoppers can search by photo, among {count} picture.",
            "Shoppers can search by photo, among {count} pictures.",
            count,
        )
    if encoder != AUTO:
        return
    if FOR_ANYTHING in (eyes["next_encoder"], eyes["encoder"]):
        yield t("Most of your pictures show nothing to wear, so it compares things of any kind.")
        yield t("If you do sell clothes, set VITRINE_ENCODER=vitrine.")
    elif count < FEWEST:
        yield t("It takes your goods for things to wear until {count} have a picture; then these decide.", count=FEWEST)
        yield t("If you sell other things, set VITRINE_ENCODER=objects.")
