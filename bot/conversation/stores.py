"""Finding a thing in a store: which variant, from where, which stores have it, how to get there."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.actions import FindInStore, OtherStores, SharePlace, TypeCity
from bot.conversation.basket import aside
from bot.conversation.cards import similar_button
from bot.conversation.offer_words import notify_button
from bot.conversation.options import (
    colour_of,
    matching,
    product_focus,
    size_named,
    subject,
    variant_label,
)
from bot.conversation.questions import ask_place, ask_product, gone, no_such_size, size_buttons, variant_or_question
from bot.conversation.reserve import place as place_reservation
from bot.conversation.results import show
from bot.conversation.store_list import (
    MAX_STORES,
    directions_button,
    nearest,
    offer_line,
    offer_lines,
    offers,
    other_stores_button,
    reserve_buttons,
    store_name,
    visit_lines,
)
from bot.conversation.talk import Ability, Heard, Talk, Turn
from bot.messages import Button
from bot.sessions import Focus, Goal, Pending, Question
from commerce.domain.geo import GeoPoint, Place
from commerce.domain.product import Product, Variant
from commerce.domain.search import StoreOffer
from commerce.domain.store import Store
from commerce.services.wishes import wish_of
from commerce.understanding import Intent


def in_words(talk: Talk) -> Turn:
    """« voir en magasin », « dans ma taille, près de moi », « c’est dispo à Bellecour ? »."""
    return _asked(talk, Goal.STORES)


def reserve_in_words(talk: Talk) -> Turn:
    """« réserve la deuxième en 38 à Bellecour »: asks only for what is missing."""
    return aside(talk) or _asked(talk, Goal.RESERVE)


def _asked(talk: Talk, goal: Goal) -> Turn:
    talk, problem = at_place(talk)
    if problem is not None:
        return problem
    focus = subject(talk)
    if focus is None and talk.slots.category:
        return show(talk, wish_of(talk.slots))
    if focus is None:
        return ask_product(talk, goal) if talk.session.lists or goal is Goal.RESERVE else visit(talk)
    product = talk.shop.catalog.product(focus.product_id)
    if product is None:
        return gone(talk, focus.product_id)
    if talk.slots.size and not size_named(product, talk.slots.size):
        return no_such_size(talk, product, focus, talk.slots.size)
    return find(talk, focus, goal=goal, store=store_named(talk))


def tapped(talk: Talk, action: FindInStore) -> Turn:
    return find(talk, product_focus(talk, action.product_id), goal=Goal.STORES)


def find(talk: Talk, focus: Focus, *, goal: Goal, store: Store | None = None) -> Turn:
    """The stores that have what is in focus. Asks for size, colour and place, each only while it is unknown."""
    product = talk.shop.catalog.product(focus.product_id)
    if product is None:
        return gone(talk, focus.product_id)
    store_id = store.id if store else ""
    found = variant_or_question(talk, product, focus, goal, store_id)
    if isinstance(found, Turn):
        return found
    focus, variant = found
    talk = talk.with_session(replace(talk.session, focus=focus, pending=None))
    if store is not None:
        return _at_store(talk, product, variant, store, goal)
    if talk.session.location is None:
        return ask_place(talk, goal)
    return _near(talk, product, variant)


def _near(talk: Talk, product: Product, variant: Variant) -> Turn:
    found = offers(talk, variant.id, talk.session.location)
    item = variant_label(talk, product, variant)
    if not found:
        return _nowhere(talk, product, variant)
    return talk.say(
        f"{item}\n{offer_lines(talk, found)}",
        buttons=(*reserve_buttons(talk, variant.id, found), other_stores_button(talk, variant.id)),
    )


def _at_store(talk: Talk, product: Product, variant: Variant, store: Store, goal: Goal) -> Turn:
    """The store that was named first; when it has none, those nearest to it that do."""
    if goal is Goal.RESERVE:
        return place_reservation(talk, product, variant, store)
    near = talk.session.location or store.point
    found = offers(talk, variant.id, near)
    here = [o for o in found if o.store.id == store.id]
    item = variant_label(talk, product, variant)
    if here:
        return talk.say(
            f"{item}\n{offer_lines(talk, here)}",
            buttons=(*reserve_buttons(talk, variant.id, here), other_stores_button(talk, variant.id)),
        )
    if not found:
        return _nowhere(talk, product, variant)
    text = talk.t("{store} has none left: {item}.", store=store_name(talk, store), item=item)
    elsewhere = talk.t("You can still have it here:")
    return talk.say(
        f"{text}\n\n{elsewhere}\n{offer_lines(talk, found)}",
        buttons=(*reserve_buttons(talk, variant.id, found), notify_button(talk, variant.id, store)),
    )


def _nowhere(talk: Talk, product: Product, variant: Variant) -> Turn:
    """No store has it: says so, whether it is in stock online, and which other sizes of the colour stores have."""
    text = talk.t("No store has it at the moment: {item}.", item=variant_label(talk, product, variant))
    alike = matching(product, colour_of(product, variant))
    visited = {store.id for store in talk.shop.catalog.stores() if store.takes_visitors}
    there = [level for level in talk.shop.catalog.levels([v.id for v in alike]) if level.available > 0]
    if any(level.variant_id == variant.id and level.store_id not in visited for level in there):
        text += "\n" + talk.t("It is in stock online.")
        notify: tuple[Button, ...] = ()
    else:
        notify = (notify_button(talk, variant.id),)
    in_stores = {level.variant_id for level in there if level.store_id in visited}
    sizes = tuple(dict.fromkeys(v.size for v in alike if v.size and v.id in in_stores))
    if sizes:
        text += "\n" + talk.t("In stores now in these sizes: {sizes}.", sizes=", ".join(sizes))
    pending = Pending(Question.SIZE, Goal.STORES) if sizes else None
    return talk.say(
        text,
        buttons=(
            *size_buttons(product, sizes),
            *_online(talk, product),
            *notify,
            similar_button(talk, product.id),
        ),
        session=replace(talk.session, pending=pending),
    )


def _online(talk: Talk, product: Product) -> tuple[Button, ...]:
    """The page at the merchant's own site, if there is one."""
    is_page = product.url.startswith(("https://", "http://"))
    return (Button(talk.t("See it online"), url=product.url),) if is_page else ()


def others(talk: Talk, action: OtherStores) -> Turn:
    """Every store, those without it too."""
    with talk.shop.storage.read() as uow:
        found = uow.products.by_variant(action.variant_id)
    if found is None:
        return gone(talk, 0)
    product, variant = found
    every: list[StoreOffer] = offers(talk, variant.id, talk.session.location, include_empty=True)
    listed = sorted(every, key=lambda o: o.available == 0)[: MAX_STORES * 2]
    lines = [offer_line(talk, offer) for offer in listed]
    text = "\n".join((variant_label(talk, product, variant), *lines))
    return talk.say(text, buttons=reserve_buttons(talk, variant.id, listed))


def visit(talk: Talk) -> Turn:
    """The stores themselves: addresses and hours."""
    stores = nearest(talk, talk.session.location)
    named = store_named(talk)
    if named is not None:
        stores = [named]
    if not stores:
        return talk.say(talk.t("We have no store to visit at the moment."))
    buttons = directions_button(talk, stores[0]) if len(stores) == 1 else ()
    return talk.say(visit_lines(talk, stores, talk.session.location), buttons=buttons)


def hours(talk: Talk) -> Turn:
    talk, _ = at_place(talk)
    return visit(talk)


def directions(talk: Talk) -> Turn:
    """To the store that was named, or where something is held, or the nearest one."""
    store = store_named(talk) or _store_of_reservation(talk)
    if store is None:
        near = nearest(talk, talk.session.location)
        if len(near) != 1 and talk.session.location is None:
            return visit(talk)
        store = near[0] if near else None
    if store is None:
        return talk.say(talk.t("We have no store to visit at the moment."))
    return talk.say(visit_lines(talk, [store], talk.session.location), buttons=directions_button(talk, store))


def location(talk: Talk) -> Turn:
    """A location was shared: goes on with what it was asked for."""
    assert talk.message.location is not None
    return _arrived(talk.with_session(talk.session.at(talk.message.location)))


def give_place(talk: Talk) -> Turn:
    """A town, a postcode or a store in words."""
    talk, problem = at_place(talk)
    if problem is not None:
        return problem
    store = store_named(talk)
    if store is not None and talk.session.focus is not None:
        return find(talk, talk.session.focus, goal=_goal(talk), store=store)
    if talk.session.location is None:
        return _unknown_place(talk, talk.message.text)
    return _arrived(talk)


def place_by_text(talk: Talk) -> Turn:
    """The whole message as a place: an answer to "where are you?" that nothing else explains."""
    found = _look_up(talk, talk.message.text)
    if found is None:
        return _unknown_place(talk, talk.message.text)
    return _arrived(talk.with_session(talk.session.at(found.point, found.name)))


def share_place(talk: Talk, _action: SharePlace) -> Turn:
    """The button came back as a tap: the app has no way to share a location here."""
    text = talk.t("If your app cannot share a location here, type your city or postcode instead.")
    pending = talk.session.pending or Pending(Question.CITY, Goal.STORES)
    return talk.say(text, session=replace(talk.session, pending=replace(pending, question=Question.CITY)))


def type_city(talk: Talk, _action: TypeCity) -> Turn:
    pending = talk.session.pending or Pending(Question.CITY, Goal.STORES)
    return talk.say(
        talk.t("Which city or postcode?"),
        session=replace(talk.session, pending=replace(pending, question=Question.CITY)),
    )


def _arrived(talk: Talk) -> Turn:
    """We know where the shopper is: on to the stores that have the thing, or to the stores."""
    goal = _goal(talk)
    talk = talk.with_session(replace(talk.session, pending=None))
    if talk.session.focus is None:
        return visit(talk)
    return find(talk, talk.session.focus, goal=goal)


def _goal(talk: Talk) -> Goal:
    return talk.session.pending.goal if talk.session.pending and talk.session.pending.goal else Goal.STORES


def at_place(talk: Talk) -> tuple[Talk, Turn | None]:
    """The talk at the place that its message names, if it names one; or the turn that says we do not know the place."""
    slots = talk.slots
    wanted = slots.postcode or slots.place
    if not wanted:
        return talk, None
    found = _look_up(talk, wanted)
    if found is None:
        return talk, _unknown_place(talk, wanted)
    return talk.with_session(talk.session.at(found.point, found.name)), None


def _look_up(talk: Talk, words: str) -> Place | None:
    """A place by its name; of towns of the same name the one nearest to our stores."""
    centre = next((s.point for s in talk.shop.catalog.stores() if s.takes_visitors and s.point), None)
    near: GeoPoint | None = talk.session.location or centre
    return talk.shop.gazetteer.find(words[:80], near=near)


def _unknown_place(talk: Talk, words: str) -> Turn:
    pending = talk.session.pending or Pending(Question.CITY, Goal.STORES)
    return talk.say(
        talk.t("I do not know “{place}”. Try a bigger town nearby, or a postcode.", place=words[:60]),
        session=replace(talk.session, pending=replace(pending, question=Question.CITY)),
    )


def store_named(talk: Talk) -> Store | None:
    """The store whose name the message says; understanding gives it as we offered it (in the talk's language)."""
    if not talk.slots.store:
        return None
    wanted = talk.slots.store.replace("_", " ").casefold()
    return next(
        (s for s in talk.shop.catalog.stores() if s.takes_visitors and store_name(talk, s).casefold() == wanted), None
    )


def _store_of_reservation(talk: Talk) -> Store | None:
    if talk.customer is None:
        return None
    with talk.shop.storage.read() as uow:
        held = talk.shop.reserving.open_of(uow, talk.customer.id)
        return uow.stores.get(held[0].store_id) if held else None


ABILITY = Ability(
    intents={
        Intent.FIND_IN_STORE: in_words,
        Intent.GIVE_PLACE: give_place,
        Intent.RESERVE: reserve_in_words,
        Intent.OPENING_HOURS: hours,
        Intent.DIRECTIONS: directions,
    },
    actions={FindInStore: tapped, OtherStores: others, SharePlace: share_place, TypeCity: type_city},
    heard={Heard.LOCATION: location},
)
