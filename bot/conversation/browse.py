"""Looking around: search, refine, pick, more, similar."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.actions import More, Refine, Show, Similar, Without
from bot.conversation.cards import card, cart_button, choose_button, levels_of, similar_button, store_button
from bot.conversation.options import colour_label, colours_of, kindred, matching, product_focus, size_named, subject
from bot.conversation.questions import about_it, ask_product, gone, no_such_size
from bot.conversation.results import more, show
from bot.conversation.results import search as find
from bot.conversation.stores import at_place, store_named
from bot.conversation.stores import find as find_in_store
from bot.conversation.talk import Ability, Talk, Turn
from bot.sessions import Focus, Goal, Session
from commerce.domain.product import Product
from commerce.domain.wish import Wish
from commerce.i18n import format_list
from commerce.ports import NotSeen
from commerce.services.wishes import refined, wish_of, without
from commerce.understanding import Intent


def search(talk: Talk) -> Turn:
    """A new wish; a size, colour or price alone changes the last one."""
    slots = talk.slots
    if not slots.category and not slots.words and talk.session.wish != Wish() and (slots.sizes or slots.colours):
        return refine(talk)
    wish = wish_of(slots)
    if slots.in_my_size and not slots.sizes:
        wish = replace(wish, sizes=tuple(dict.fromkeys(talk.sizes.values())))
    talk, problem = at_place(talk)
    turn = show(talk, wish, _currency_note(talk))
    somewhere = slots.store or slots.near_me or ((slots.place or slots.postcode) and problem is None)
    if somewhere and turn.session.focus is not None:  # the one thing found, asked for at a place
        there = talk.with_session(turn.session)
        return find_in_store(there, turn.session.focus, goal=Goal.STORES, store=store_named(talk))
    return turn


def refine(talk: Talk) -> Turn:
    """The last search with a change; a colour of the product on the table is looked for there first."""
    if talk.slots.colours and talk.session.focus is not None and not _changes_more_than_colour(talk):
        turn = _other_colour(talk, talk.session.focus)
        if turn is not None:
            return turn
    if talk.session.wish == Wish():
        return search(talk)
    wish = refined(talk.session.wish, talk.slots)
    if talk.slots.in_my_size and not talk.slots.sizes:
        wish = replace(wish, sizes=tuple(dict.fromkeys(talk.sizes.values())))
    if talk.slots.price_wish in ("cheaper", "dearer"):
        wish = _compared(talk, wish)
    return show(talk, wish, _currency_note(talk))


@about_it
def pick(talk: Talk, product: Product, focus: Focus) -> Turn:
    """« la deuxième », « the second one in 38 », « celle-ci »."""
    if talk.slots.size and not size_named(product, talk.slots.size):
        return no_such_size(talk, product, focus, talk.slots.size)
    return present(talk, product, focus)


def tapped_show(talk: Talk, action: Show) -> Turn:
    product = talk.shop.catalog.product(action.product_id)
    if product is None:
        return gone(talk, action.product_id)
    return present(talk, product, product_focus(talk, product.id))


def present(talk: Talk, product: Product, focus: Focus) -> Turn:
    """One product, with what was chosen of it so far."""
    variants = matching(product, focus.colour, focus.size)
    if not variants:
        focus = replace(focus, colour="")
        variants = matching(product, size=focus.size) or product.variants
    available = levels_of(talk, [variants])
    choose = () if focus.size else choose_button(talk, product)
    buttons = (
        *choose,
        store_button(talk, product.id),
        cart_button(talk, product.id),
        similar_button(talk, product.id),
    )
    chosen = [colour_label(talk, product, variants[0]) if focus.colour else "", focus.size]
    text = ", ".join(part for part in chosen if part)
    one = replace(card(talk, product, variants, available), buttons=buttons)
    intro = talk.t("You chose: {choice}.", choice=text) if focus.size else talk.t("Here it is:")
    return talk.say(intro, cards=(one,), session=_on(talk.session, focus))


def similar(talk: Talk) -> Turn:
    focus = subject(talk)
    if focus is None:
        return ask_product(talk)
    return _similar_to(talk, focus.product_id)


def tapped_similar(talk: Talk, action: Similar) -> Turn:
    return _similar_to(talk, action.product_id)


def _similar_to(talk: Talk, product_id: int) -> Turn:
    if talk.shop.catalog.product(product_id) is None:
        return gone(talk, 0)
    return show(talk, Wish(similar_to=product_id))


def drop_condition(talk: Talk, action: Without) -> Turn:
    return show(talk, without(talk.session.wish, action.condition))


def how_to_refine(talk: Talk, _action: Refine) -> Turn:
    text = talk.t("Tell me what to change: “in red”, “under 60”, “in 38”, “long sleeves”…")
    return talk.say(text)


def tapped_more(talk: Talk, _action: More) -> Turn:
    return more(talk)


def start_over(talk: Talk) -> Turn:
    """Forgets what was looked for; the place and the language stay."""
    kept = Session(
        language=talk.session.language,
        location=talk.session.location,
        place_name=talk.session.place_name,
        photo_notice_given=talk.session.photo_notice_given,
        recent_s=talk.session.recent_s,
    )
    return talk.say(talk.t("All right, from the start. What are you looking for?"), session=kept)


def _changes_more_than_colour(talk: Talk) -> bool:
    slots = talk.slots
    return bool(slots.category or slots.price_max_minor or slots.price_min_minor or slots.price_wish or slots.materials)


def _other_colour(talk: Talk, focus: Focus) -> Turn | None:
    """The product on the table in the colour asked for; when it is not made so, says so and shows what is like it."""
    product = talk.shop.catalog.product(focus.product_id)
    if product is None:
        return gone(talk, focus.product_id)
    wanted = kindred(talk, talk.slots.colours[0])
    for colour, variant in colours_of(product).items():
        if variant.colour in wanted:
            size = focus.size if matching(product, colour, focus.size) else ""
            return present(talk, product, replace(focus, colour=colour, size=size))
    if not talk.slots.refers_to_focus:
        return None
    names = format_list(
        [colour_label(talk, product, variant) for variant in colours_of(product).values()], talk.language
    )
    text = talk.t("It is not made in that colour, only in {colours}.", colours=names)
    wish = Wish(
        similar_to=product.id,
        colours=talk.slots.colours,
        categories=(product.category,) if product.category else (),
    )
    answer = find(talk, wish)
    if isinstance(answer, NotSeen) or not answer.found:
        return talk.say(text, buttons=(similar_button(talk, product.id),))
    like_it = talk.t("Like it, in the colour you want:")
    return show(talk, wish, f"{text} {like_it}")


def _compared(talk: Talk, wish: Wish) -> Wish:
    """« moins cher »: than the product on the table, else than the first of the list."""
    shown = talk.session.lists[0] if talk.session.lists else ()
    focus = talk.session.focus
    items = [item for item in shown if focus is None or item.product_id == focus.product_id] or list(shown)
    if not items:
        return replace(wish, cheapest_first=True)
    price = items[0].price_minor
    if talk.slots.price_wish == "cheaper":
        return replace(wish, price_max_minor=price - 1)
    return replace(wish, price_min_minor=price + 1, price_max_minor=None)


def _currency_note(talk: Talk) -> str:
    written = talk.slots.price_currency
    if written and written != talk.shop.settings.currency:
        return talk.t("Our prices are in {currency}, and I read yours so.", currency=talk.shop.settings.currency)
    return ""


def _on(session: Session, focus: Focus) -> Session:
    return replace(session, focus=focus, pending=None)


ABILITY = Ability(
    intents={
        Intent.SEARCH: search,
        Intent.REFINE: refine,
        Intent.PICK: pick,
        Intent.MORE: more,
        Intent.SIMILAR: similar,
        Intent.START_OVER: start_over,
    },
    actions={
        Show: tapped_show,
        Similar: tapped_similar,
        Without: drop_condition,
        Refine: how_to_refine,
        More: tapped_more,
    },
)
