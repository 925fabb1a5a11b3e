"""« Que me conseillez-vous ? »: what this shopper may like, why on each card; and no more of it, at every door."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import Suggest, SuggestFrom, encode
from bot.conversation.cards import card, cart_button, choose_button, levels_of, shown_item, similar_button, store_button
from bot.conversation.options import focus_on
from bot.conversation.results import CARDS
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button, Card
from commerce.domain.recommending import Because, Recommendation
from commerce.domain.wish import Wish
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def suggest(talk: Talk) -> Turn:
    return _page(talk, 0)


def tapped(talk: Talk, action: Suggest) -> Turn:
    return _page(talk, action.after)


def _page(talk: Talk, after: int) -> Turn:
    customer_id = talk.customer.id if talk.customer else ""
    found = talk.shop.recommending.for_customer(customer_id, near=talk.session.location)
    shown, rest = found[after : after + CARDS], found[after + CARDS :]
    if not shown:
        nothing = talk.t("That is all I can think of. Tell me what you are looking for, and I search.")
        return talk.say(nothing if after else talk.t("I have nothing to suggest right now. What are you looking for?"))
    available = levels_of(talk, [each.variants for each in shown])
    alone = len(shown) == 1
    cards = tuple(_card(talk, each, available) for each in shown)
    session = replace(
        talk.session,
        wish=Wish(),
        queue=tuple(each.product.id for each in rest),
        offset=0,
        focus=focus_on(shown[0].product, shown[0].variants) if alone else None,
        pending=None,
    ).with_list(tuple(shown_item(talk, each.product, each.variants) for each in shown))
    is_personal = any(each.reason.because.is_personal for each in found)
    return talk.say(
        _intro(talk, after, is_personal), cards=cards, buttons=_buttons(talk, after, rest, is_personal), session=session
    )


def _intro(talk: Talk, after: int, is_personal: bool) -> str:
    if after:
        return talk.t("More ideas:")
    return talk.t("I thought of these for you:") if is_personal else talk.t("This is what sells, and what is new:")


def _buttons(talk: Talk, after: int, rest: tuple[Recommendation, ...], is_personal: bool) -> tuple[Button, ...]:
    more = (Button(talk.t("More ideas"), encode(Suggest(after + CARDS))),) if rest else ()
    stop = (Button(talk.t("Not from what I do"), encode(SuggestFrom(0))),) if is_personal else ()
    return (*more, *stop)


def _card(talk: Talk, each: Recommendation, available: dict[int, int]) -> Card:
    product = each.product
    choose = () if len(each.variants) == 1 else choose_button(talk, product)
    made = card(talk, product, each.variants, available)
    buttons = (*choose, store_button(talk, product.id), cart_button(talk, product.id), similar_button(talk, product.id))
    return replace(made, facts=(*made.facts, because(talk, each)), buttons=buttons)


def because(talk: Talk, recommended: Recommendation) -> str:
    """« vu p. 4 du catalogue Printemps »: why it is recommended."""
    reason = recommended.reason
    thing = recommended.about.title(talk.language) if recommended.about else ""
    match reason.because:
        case Because.PAGE:
            title = recommended.lookbook.title(talk.language) if recommended.lookbook else ""
            return talk.t("seen on p. {page} of {title}", page=reason.page, title=title)
        case Because.SEEN:
            if reason.times > 1:
                return talk.t("you looked at it {count} times", count=reason.times)
            return talk.t("you looked at it lately")
        case Because.LIKE_SEEN:
            return talk.t("because you looked at “{title}”", title=thing)
        case Because.GOES_WITH_BOUGHT:
            return talk.t("goes with “{title}”, which you bought", title=thing)
        case Because.GOES_WITH_CART:
            return talk.t("goes with “{title}” in your cart", title=thing)
        case Because.AGAIN:
            return talk.t("you bought it before")
        case Because.SAVED:
            return talk.t("you saved it for later")
        case Because.LIKE_AWAITED:
            return talk.t("because you wait for “{title}”", title=thing)
        case Because.POPULAR:
            return talk.t("popular now")
        case Because.NEW:
            return talk.t("new here")


# --- their word on it


def stop(talk: Talk) -> Turn:
    """« arrête de me proposer selon ce que je regarde »."""
    return _chosen(talk, allowed=False, wording=talk.message.text)


def resume(talk: Talk) -> Turn:
    return _chosen(talk, allowed=True, wording=talk.message.text)


def tapped_choice(talk: Talk, action: SuggestFrom) -> Turn:
    allowed = bool(action.yes)
    label = talk.t("Suggest from what I do") if allowed else talk.t("Not from what I do")
    return _chosen(talk, allowed=allowed, wording=label)


def _chosen(talk: Talk, *, allowed: bool, wording: str) -> Turn:
    if allowed:
        text = talk.t(
            "Gladly. I go by what you buy and put aside and, where you let the pages remember it, by what you look at."
        )
        button = Button(talk.t("Ideas for me"), encode(Suggest()))
    else:
        text = talk.t(
            "Done: no more suggestions from what you do, here or anywhere else of ours. I have forgotten what you "
            "looked at. If you ask me for ideas, you see what everybody sees."
        )
        button = Button(talk.t("Suggest from what I do"), encode(SuggestFrom(1)))
    done = talk.say(text, buttons=(button,))
    contact, shop = talk.message.contact, talk.shop

    def act(uow: UnitOfWork) -> Turn:
        customer = shop.customers.recognise(uow, contact, language=talk.language)
        shop.recommending.choose(
            uow,
            customer.id,
            allowed=allowed,
            wording=wording[:500],
            language=talk.language,
            channel=contact.channel,
        )
        return done

    return Turn((), talk.session, act)


ABILITY = Ability(
    intents={
        Intent.RECOMMEND: suggest,
        Intent.STOP_RECOMMENDING: stop,
        Intent.RESUME_RECOMMENDING: resume,
    },
    actions={Suggest: tapped, SuggestFrom: tapped_choice},
)
