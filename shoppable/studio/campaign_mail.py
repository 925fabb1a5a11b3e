"""A campaign as a mail to buy from: links that fill the cart, and prices drawn at the moment when it is opened.

Whoever sends it owes every reader a way out: `mail_of(kit, unsubscribe=address)` puts it at the foot and into the heads
that mail programs make a button of (RFC 2369 and RFC 8058). Nothing is sent from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import render_template

from commerce.domain.campaign import CampaignItem, Choice, Outlet
from commerce.services.campaign_words import ItemWords, words
from commerce.services.short_links import source_of
from shoppable.site import site
from shoppable.sized import sized_path
from shoppable.studio.campaign_kit import Kit

if TYPE_CHECKING:
    from css_inline import CSSInliner

_LEAF_PX = 240  # a page of a catalogue, shown so wide
_PICTURE_PX = 720  # shown 200 wide on a desk, 342 on a phone, whose screen is twice as dense; mails choose no size
_MOST_BUTTONS = 8  # sizes of one thing: beyond them one chooses on its page


@dataclass(frozen=True, slots=True)
class MailItem:
    """A product as the mail shows it. `choices`: (what the button says, where it puts it into the cart)."""

    title: str
    address: str
    picture: str
    price_picture: str
    price_alt: str
    asks: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mail:
    subject: str
    html: str
    text: str
    unsubscribe: str = ""

    def as_message(self) -> EmailMessage:
        """Without sender and reader; a mail program opens it as a draft."""
        message = EmailMessage(policy=SMTP)
        message["Subject"] = self.subject
        message["X-Unsent"] = "1"
        if self.unsubscribe:
            message["List-Unsubscribe"] = f"<{self.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        return message


def mail_of(kit: Kit, *, unsubscribe: str = "") -> Mail:
    """In the kit's language. Pictures and links have whole addresses: a mail is read anywhere."""
    said, t = kit.said, partial(words, kit.said.language)
    items = [_item(kit, item, facts) for item, facts in zip(said.items, kit.campaign.items, strict=True)]
    about = t("The price in your cart is always that of the moment.")
    html = render_template(
        "mail/campaign.html",
        said=said,
        brand=kit.brand,
        items=items,
        home=kit.address(Outlet.EMAIL),
        logo=f"{kit.base_url}/media/{kit.brand.logo_key}" if kit.logo else "",
        leaf=_leaf(kit),
        leaf_px=_LEAF_PX,
        see_it=t("See it"),
        see_all=t("See everything"),
        about_prices=about,
        unsubscribe=unsubscribe,
        no_more=t("Receive no more of these mails"),
    )
    subject = f"{said.warning} – {said.headline}" if said.warning else said.headline
    return Mail(subject, _inliner().inline(html), _text(kit, items, about, unsubscribe), unsubscribe)


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    from css_inline import CSSInliner

    # Rules for small screens and dark rooms cannot stand in attributes: they stay in the head.
    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def _leaf(kit: Kit) -> tuple[str, str, str, int] | None:
    """What the page of the catalogue is called, its picture, where it leads (by the link of the whole mail), and how
    high it is shown in pixels."""
    if kit.leaf is None:
        return None
    edition, page = kit.leaf
    called = words(kit.said.language, "Leaf through {title}", title=edition.lookbook.title(kit.said.language))
    picture = kit.base_url + sized_path(page.picture_key, 2 * _LEAF_PX)
    height_px = round(_LEAF_PX * page.height_px / page.width_px)
    return called, picture, f"{kit.address(Outlet.EMAIL)}?to=catalogue", height_px


def _item(kit: Kit, said: ItemWords, item: CampaignItem) -> MailItem:
    t = partial(words, kit.said.language)
    left = [choice for choice in item.choices if choice.sku in kit.available and "," not in choice.sku]
    is_plain = len(item.choices) == 1
    choices = tuple((_label(kit, item, choice), _buy(kit, choice)) for choice in left)
    facts = ", ".join(said.facts)
    alt = t("{price}. {dated}; in your cart it is that of the moment.", price=facts, dated=kit.said.dated)
    return MailItem(
        title=said.title,
        address=kit.address(Outlet.EMAIL, said.product_id),
        picture=kit.base_url + sized_path(said.picture_key, _PICTURE_PX) if said.picture_key else "",
        price_picture=f"{kit.base_url}/mail/price/{said.product_id}.png?lang={kit.said.language}",
        price_alt=alt,
        asks="" if is_plain else t("Add to cart in your size:"),
        choices=choices if len(choices) <= _MOST_BUTTONS else (),
    )


def _label(kit: Kit, item: CampaignItem, choice: Choice) -> str:
    if len(item.choices) == 1:
        return words(kit.said.language, "Add to cart")
    colour = _colour(choice.colour, kit.said.language) if len({each.colour for each in item.choices}) > 1 else ""
    return " · ".join(filter(None, (colour, choice.size))) or choice.sku


def _colour(key: str, language: str) -> str:
    try:
        return site().shop.lexicon.label("colour", key, language)
    except KeyError:
        return key


def _buy(kit: Kit, choice: Choice) -> str:
    """The source goes with it: the cart and the order say that this mail brought them."""
    source = source_of(kit.campaign.links[Outlet.EMAIL])
    return f"{kit.base_url}/buy/{quote(choice.sku, safe='')}:1?from={source}&lang={kit.said.language}"


def _text(kit: Kit, items: list[MailItem], about: str, unsubscribe: str) -> str:
    said = kit.said
    parts = [f"{said.shop_name}", *([said.warning] if said.warning else []), said.headline]
    parts += [said.claim] if said.claim else []
    for item, facts in zip(items, said.items, strict=True):
        lines = [item.title, *facts.facts, *(f"{label}: {address}" for label, address in item.choices), item.address]
        parts.append("\n".join(lines))
    parts.append(f"{about} {said.dated}.")
    if unsubscribe:
        parts.append(f"{words(said.language, 'Receive no more of these mails')}: {unsubscribe}")
    return "\n\n".join(parts) + "\n"
