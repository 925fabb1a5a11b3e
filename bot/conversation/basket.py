"""The cart in the conversation: put in, look, change, save for later, empty, a promotion's code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import (
    BringBack,
    CartLine,
    ChangeCart,
    DropCode,
    DropSaved,
    EmptyCart,
    SaveForLater,
    SetQuantity,
    ShowCart,
    encode,
)
from bot.conversation.cards import store_button
from bot.conversation.cart_words import cart_turn, item, item_name, not_applied, show_button
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button
from bot.sessions import Pending, Question
from commerce.domain.cart import MAX_LINES, MAX_QUANTITY, Cart, NotInCart
from commerce.domain.promotion import Promotion
from commerce.domain.quote import Quote, QuotedLine
from commerce.domain.reservation import Refused
from commerce.lexicon import fold
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

_MOST_BUTTONS = 20
_ASIDE = ("cote", "aside")  # mettre de côté, to put aside


def show(talk: Talk, _action: ShowCart | None = None) -> Turn:
    return _reading(talk, lambda uow, cart, customer_id: cart_turn(talk, uow, cart, customer_id))


# --- changing a line -------------------------------------------------------------------------------------------------


def change(talk: Talk, _action: ChangeCart | None = None) -> Turn:
    """Which line? Of one alone, at once what can be done with it."""

    def answer(uow: UnitOfWork, cart: Cart | None, customer_id: str) -> Turn:
        if cart is None or not cart.lines:
            return cart_turn(talk, uow, cart, customer_id)
        quote = talk.shop.quoting.quote(uow, cart, customer_id=customer_id)
        lines = _all(quote)
        if len(lines) == 1 and not quote.gone and not cart.coupon:
            return _line_turn(talk, *lines[0])
        return _which(talk, quote)

    return _reading(talk, answer)


def tapped_line(talk: Talk, action: CartLine) -> Turn:
    def answer(uow: UnitOfWork, cart: Cart | None, customer_id: str) -> Turn:
        lines = _all(talk.shop.quoting.quote(uow, cart, customer_id=customer_id)) if cart else []
        for line, saved in lines:
            if (line.variant.id, saved) == (action.variant_id, bool(action.saved)):
                return _line_turn(talk, line, saved)
        return cart_turn(talk, uow, cart, customer_id, talk.t("This is not in your cart any more."))

    return _reading(talk, answer)


def set_quantity(talk: Talk, action: SetQuantity) -> Turn:
    return _changing(
        talk,
        lambda uow, customer_id: talk.shop.carts.set_quantity(
            uow, customer_id, action.variant_id, action.quantity, saved=False
        ),
        lambda name: (
            talk.t("Changed: {item}.", item=name) if action.quantity else talk.t("Removed: {item}.", item=name)
        ),
        action.variant_id,
    )


def drop_saved(talk: Talk, action: DropSaved) -> Turn:
    return _changing(
        talk,
        lambda uow, customer_id: talk.shop.carts.set_quantity(uow, customer_id, action.variant_id, 0, saved=True),
        lambda name: talk.t("Removed: {item}.", item=name),
        action.variant_id,
    )


def save_for_later(talk: Talk, action: SaveForLater) -> Turn:
    return _changing(
        talk,
        lambda uow, customer_id: talk.shop.carts.set_saved(uow, customer_id, action.variant_id, True),
        lambda name: talk.t("Saved for later: {item}.", item=name),
        action.variant_id,
    )


def bring_back(talk: Talk, action: BringBack) -> Turn:
    return _changing(
        talk,
        lambda uow, customer_id: talk.shop.carts.set_saved(uow, customer_id, action.variant_id, False),
        lambda name: talk.t("Back in the cart: {item}.", item=name),
        action.variant_id,
    )


def remove_in_words(talk: Talk) -> Turn:
    """« enlève la veste »: at once where it is clear which line is meant."""

    def do(line: QuotedLine, saved: bool) -> Turn:
        variant_id = line.variant.id
        return drop_saved(talk, DropSaved(variant_id)) if saved else set_quantity(talk, SetQuantity(variant_id))

    return _with_meant(talk, _all, do)


def save_in_words(talk: Talk) -> Turn:
    def wanted(quote: Quote) -> list[tuple[QuotedLine, bool]]:
        return [(line, False) for line in quote.lines]

    return _with_meant(talk, wanted, lambda line, _saved: save_for_later(talk, SaveForLater(line.variant.id)))


def aside(talk: Talk) -> Turn | None:
    """« mets le sac de côté »: of something in the cart it may mean both, so we ask which; None where it cannot be
    meant of anything in there."""
    if not set(_ASIDE) & set(fold(talk.message.text).split()) or talk.customer is None:
        return None
    with talk.shop.storage.read() as uow:
        cart = talk.shop.carts.of(uow, talk.customer.id)
        quote = talk.shop.quoting.quote(uow, cart, customer_id=talk.customer.id) if cart else None
    found = meant(talk, [(line, False) for line in quote.lines]) if quote else []
    if len(found) != 1 or not (_describes(talk) or _in_focus(talk, found[0][0])):
        return None
    line = found[0][0]
    text = talk.t("Keep it in the cart for later, or hold it in a store? {item}", item=item(talk, line))
    later = Button(talk.t("Save for later"), encode(SaveForLater(line.variant.id)))
    return talk.say(text, buttons=(later, store_button(talk, line.product.id)))


def empty(talk: Talk, action: EmptyCart | None = None) -> Turn:
    """Asks first: a tap takes out all that is wanted; what is saved for later stays."""
    if action is None or not action.sure:

        def ask(uow: UnitOfWork, cart: Cart | None, customer_id: str) -> Turn:
            if cart is None or not cart.wanted:
                return cart_turn(talk, uow, cart, customer_id)
            text = talk.t("Take everything out of the cart? What is saved for later stays.")
            return talk.say(text, buttons=(Button(talk.t("Empty the cart"), encode(EmptyCart(1))), show_button(talk)))

        return _reading(talk, ask)
    return _changing(
        talk,
        lambda uow, customer_id: talk.shop.carts.empty(uow, customer_id),
        lambda _name: talk.t("Everything is taken out."),
    )


# --- codes of promotions ----------------------------------------------------------------------------------------------


def code_in_words(talk: Talk) -> Turn:
    """« code PRINTEMPS10 »; whoever says only that they have one is asked for it."""
    if talk.slots.promo_code:
        return use_code(talk, talk.slots.promo_code)
    pending = Pending(Question.CODE)
    return talk.say(talk.t("Which code?"), session=replace(talk.session, pending=pending))


def code_typed(talk: Talk) -> Turn | None:
    """The answer to "which code?": one word that is nothing else; None for anything else."""
    typed = talk.message.text.strip()
    is_one = 0 < len(typed) <= 40 and len(typed.split()) == 1
    looks_like = talk.understood.intent in (Intent.SEARCH, Intent.UNKNOWN, Intent.USE_CODE) and not talk.slots.category
    return use_code(talk, talk.slots.promo_code or typed) if is_one and looks_like else None


def use_code(talk: Talk, typed: str) -> Turn:
    """The shop's own promotions decide. What is typed here can use one of them and never make one."""

    def act(uow: UnitOfWork) -> Turn:
        customer_id = _customer(talk, uow)
        found = talk.shop.carts.apply_coupon(uow, customer_id, typed)
        if isinstance(found, Refused):
            intro = not_applied(talk, found.reason, typed)
        else:
            assert isinstance(found, Promotion)
            intro = talk.t("The code {code} counts for this cart.", code=found.code)
        return cart_turn(talk, uow, talk.shop.carts.of(uow, customer_id), customer_id, intro)

    return Turn((), talk.session, act)


def drop_code(talk: Talk, _action: DropCode | None = None) -> Turn:
    return _changing(
        talk,
        lambda uow, customer_id: talk.shop.carts.drop_coupon(uow, customer_id),
        lambda _name: talk.t("The code no longer counts."),
    )


def no_discount(talk: Talk) -> Turn:
    """« donne-moi 50 % »: no sentence lowers a price."""
    text = talk.t("I cannot lower a price: everybody pays the same. If you have a code, write “code” and the code.")
    return talk.say(text, buttons=(show_button(talk),))


# --- how it is done --------------------------------------------------------------------------------------------------


def _customer(talk: Talk, uow: UnitOfWork) -> str:
    return talk.shop.customers.recognise(uow, talk.message.contact, language=talk.language).id


def _reading(talk: Talk, answer: Callable[[UnitOfWork, Cart | None, str], Turn]) -> Turn:
    with talk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(talk.message.contact)
        if customer is None:
            return answer(uow, None, "")
        return answer(uow, talk.shop.carts.of(uow, customer.id), customer.id)


def _changing(
    talk: Talk,
    work: Callable[[UnitOfWork, str], Cart | Refused[NotInCart]],
    done: Callable[[str], str],
    variant_id: int = 0,
) -> Turn:
    """Changes the cart and shows it. `done` gets the name of the thing."""

    def act(uow: UnitOfWork) -> Turn:
        customer_id = _customer(talk, uow)
        result = work(uow, customer_id)
        if isinstance(result, Refused):
            intro = refused(talk, result.reason)
            if result.reason is NotInCart.NO_SUCH_VARIANT:
                intro = talk.t("This is not in your cart any more.")
            return cart_turn(talk, uow, talk.shop.carts.of(uow, customer_id), customer_id, intro)
        found = uow.products.by_variant(variant_id) if variant_id else None
        name = item_name(talk, *found) if found else talk.t("what is no longer sold")
        return cart_turn(talk, uow, result, customer_id, done(name))

    return Turn((), talk.session, act)


def refused(talk: Talk, reason: NotInCart) -> str:
    """Why something could not be put into the cart, in a sentence."""
    match reason:
        case NotInCart.NO_SUCH_VARIANT:
            return talk.t("This item is no longer in the shop.")
        case NotInCart.SOLD_OUT:
            return talk.t("This is sold out for now.")
        case NotInCart.QUANTITY:
            return talk.t("A cart takes {count} of one thing at most.", count=MAX_QUANTITY)
        case NotInCart.FULL:
            return talk.t("A cart takes {count} different things at most: take one out first.", count=MAX_LINES)
        case NotInCart.OTHER_CURRENCY:
            return talk.t("This is sold in another currency than what is in your cart.")


def _all(quote: Quote) -> list[tuple[QuotedLine, bool]]:
    return [*((line, False) for line in quote.lines), *((line, True) for line in quote.saved)]


def _which(talk: Talk, quote: Quote, text: str = "") -> Turn:
    buttons = [
        Button(item(talk, line)[:60], encode(CartLine(line.variant.id, int(saved)))) for line, saved in _all(quote)
    ][:_MOST_BUTTONS]
    buttons += [
        Button(talk.t("Remove what is no longer sold"), encode(SetQuantity(variant_id))) for variant_id in quote.gone
    ]
    if quote.cart.coupon:
        buttons.append(Button(talk.t("Without the code"), encode(DropCode())))
    if quote.cart.wanted:
        buttons.append(Button(talk.t("Empty the cart"), encode(EmptyCart())))
    return talk.say(text or talk.t("What do you want to change?"), buttons=tuple(buttons))


def _line_turn(talk: Talk, line: QuotedLine, saved: bool) -> Turn:
    """One line, and what can be done with it. Buttons name a quantity, so that a second tap changes nothing more."""
    variant_id, quantity = line.variant.id, line.quantity
    remove = Button(talk.t("Remove"), encode(DropSaved(variant_id) if saved else SetQuantity(variant_id)))
    if saved:
        buttons = [Button(talk.t("Back to the cart"), encode(BringBack(variant_id))), remove]
    else:
        buttons = [
            Button(talk.t("Make it {count}", count=n), encode(SetQuantity(variant_id, n))) for n in _around(quantity)
        ]
        buttons += [Button(talk.t("Save for later"), encode(SaveForLater(variant_id))), remove]
    return talk.say(item(talk, line), buttons=(*buttons, show_button(talk)))


def _around(quantity: int) -> list[int]:
    """One less and one more, as far as that goes."""
    return [n for n in (quantity - 1, quantity + 1) if 1 <= n <= MAX_QUANTITY]


def _with_meant(
    talk: Talk,
    among: Callable[[Quote], list[tuple[QuotedLine, bool]]],
    do: Callable[[QuotedLine, bool], Turn],
) -> Turn:
    """Does it to the line that the words mean; asks which where it could be several."""
    with talk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(talk.message.contact)
        cart = talk.shop.carts.of(uow, customer.id) if customer else None
        if customer is None or cart is None or not cart.lines:
            return cart_turn(talk, uow, cart, customer.id if customer else "")
        quote = talk.shop.quoting.quote(uow, cart, customer_id=customer.id)
    lines = among(quote)
    found = meant(talk, lines)
    if len(found) == 1:
        return do(*found[0])
    if not lines or (_describes(talk) and not found):
        return _which(talk, quote, talk.t("I do not find that in your cart."))
    return _which(talk, quote, talk.t("Which one do you mean?"))


def meant(talk: Talk, lines: list[tuple[QuotedLine, bool]]) -> list[tuple[QuotedLine, bool]]:
    """The lines that the message describes or points at; all of them where it does neither."""
    slots, known = talk.slots, talk.shop.lexicon
    pointed = {
        talk.session.lists[r.list_back][r.position].product_id
        for r in slots.references
        if r.list_back < len(talk.session.lists) and r.position < len(talk.session.lists[r.list_back])
    }
    kin = known.kin(slots.category) if slots.category else None

    def fits(line: QuotedLine) -> bool:
        product, variant = line.product, line.variant
        return (
            (not pointed or product.id in pointed)
            and (kin is None or product.category in kin)
            and (not slots.colours or variant.colour in slots.colours)
            and (not slots.sizes or variant.size.casefold() in {size.casefold() for size in slots.sizes})
            and (not slots.materials or product.attributes.get("material", "") in slots.materials)
        )

    found = [(line, saved) for line, saved in lines if fits(line)]
    focus = talk.session.focus
    if len(found) > 1 and focus is not None and not _describes(talk):
        in_focus = [(line, saved) for line, saved in found if line.product.id == focus.product_id]
        return in_focus if len(in_focus) == 1 else found
    return found


def _in_focus(talk: Talk, line: QuotedLine) -> bool:
    return talk.session.focus is not None and talk.session.focus.product_id == line.product.id


def _describes(talk: Talk) -> bool:
    slots = talk.slots
    return bool(slots.references or slots.category or slots.colours or slots.sizes or slots.materials)


ABILITY = Ability(
    intents={
        Intent.SHOW_CART: show,
        Intent.REMOVE_FROM_CART: remove_in_words,
        Intent.EMPTY_CART: empty,
        Intent.SAVE_FOR_LATER: save_in_words,
        Intent.USE_CODE: code_in_words,
        Intent.DROP_CODE: drop_code,
        Intent.ASK_DISCOUNT: no_discount,
    },
    actions={
        ShowCart: show,
        ChangeCart: change,
        CartLine: tapped_line,
        SetQuantity: set_quantity,
        DropSaved: drop_saved,
        SaveForLater: save_for_later,
        BringBack: bring_back,
        EmptyCart: empty,
        DropCode: drop_code,
    },
    typed={Question.CODE: code_typed},
)
