"""What buttons send back, as values: a string such as "size:123:38" stands for one of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.conversation.action_codes import MAX_BYTES, VERBS, Action, encode, means, parse, short

__all__ = ["MAX_BYTES", "VERBS", "Action", "encode", "means", "parse", "short"]  # beside the actions themselves


@dataclass(frozen=True, slots=True)
class Show(Action):
    """One product, alone."""

    verb: ClassVar[str] = "show"
    product_id: int = 0


@dataclass(frozen=True, slots=True)
class More(Action):
    verb: ClassVar[str] = "more"


@dataclass(frozen=True, slots=True)
class Refine(Action):
    verb: ClassVar[str] = "refine"


@dataclass(frozen=True, slots=True)
class Without(Action):
    """The last search again without one of its conditions: price, size, colour, stock, words."""

    verb: ClassVar[str] = "without"
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Similar(Action):
    verb: ClassVar[str] = "similar"
    product_id: int = 0


@dataclass(frozen=True, slots=True)
class Suggest(Action):
    """Ideas for this shopper; `after`: so many of them have been shown."""

    verb: ClassVar[str] = "ideas"
    after: int = 0


@dataclass(frozen=True, slots=True)
class SuggestFrom(Action):
    """Whether ideas may follow from what the shopper does: 1 yes, 0 no."""

    verb: ClassVar[str] = "ideasfrom"
    yes: int = 0


@dataclass(frozen=True, slots=True)
class ChooseSize(Action):
    """Without `size`: which sizes are there? `size` is a label that may travel as a digest: compare with `means`."""

    verb: ClassVar[str] = "size"
    product_id: int = 0
    size: str = ""


@dataclass(frozen=True, slots=True)
class ChooseColour(Action):
    """The colour of that variant; 0: which colours are there?"""

    verb: ClassVar[str] = "colour"
    product_id: int = 0
    variant_id: int = 0


@dataclass(frozen=True, slots=True)
class Remember(Action):
    """The answer to "remember it for next time?": 1 yes, 0 no."""

    verb: ClassVar[str] = "remember"
    yes: int = 0


@dataclass(frozen=True, slots=True)
class FindInStore(Action):
    verb: ClassVar[str] = "stores"
    product_id: int = 0


@dataclass(frozen=True, slots=True)
class OtherStores(Action):
    """Those without it too."""

    verb: ClassVar[str] = "others"
    variant_id: int = 0


@dataclass(frozen=True, slots=True)
class SharePlace(Action):
    """The widget that shares a location was not there, or did nothing."""

    verb: ClassVar[str] = "place"


@dataclass(frozen=True, slots=True)
class TypeCity(Action):
    verb: ClassVar[str] = "city"


@dataclass(frozen=True, slots=True)
class Reserve(Action):
    """`store` is a store id that may travel as a digest: compare with `means`."""

    verb: ClassVar[str] = "reserve"
    variant_id: int = 0
    store: str = ""


@dataclass(frozen=True, slots=True)
class Cancel(Action):
    verb: ClassVar[str] = "cancel"
    reservation_id: str = ""


@dataclass(frozen=True, slots=True)
class Extend(Action):
    verb: ClassVar[str] = "extend"
    reservation_id: str = ""


@dataclass(frozen=True, slots=True)
class MyReservations(Action):
    verb: ClassVar[str] = "mine"


@dataclass(frozen=True, slots=True)
class AddToCart(Action):
    """`variant_id` 0: whatever is chosen of the product so far; what is not chosen is asked."""

    verb: ClassVar[str] = "add"
    product_id: int = 0
    variant_id: int = 0


@dataclass(frozen=True, slots=True)
class ShowCart(Action):
    verb: ClassVar[str] = "cart"


@dataclass(frozen=True, slots=True)
class ChangeCart(Action):
    """Which line is to be changed?"""

    verb: ClassVar[str] = "change"


@dataclass(frozen=True, slots=True)
class CartLine(Action):
    """What can be done with one line; `saved` 1: the one that is saved for later."""

    verb: ClassVar[str] = "line"
    variant_id: int = 0
    saved: int = 0


@dataclass(frozen=True, slots=True)
class SetQuantity(Action):
    """Of what is wanted; 0 takes it out."""

    verb: ClassVar[str] = "quantity"
    variant_id: int = 0
    quantity: int = 0


@dataclass(frozen=True, slots=True)
class DropSaved(Action):
    """Something that was saved for later is not wanted at all."""

    verb: ClassVar[str] = "unsave"
    variant_id: int = 0


@dataclass(frozen=True, slots=True)
class SaveForLater(Action):
    verb: ClassVar[str] = "later"
    variant_id: int = 0


@dataclass(frozen=True, slots=True)
class BringBack(Action):
    """What was saved for later is wanted again."""

    verb: ClassVar[str] = "back"
    variant_id: int = 0


@dataclass(frozen=True, slots=True)
class EmptyCart(Action):
    """`sure` 0: asks first."""

    verb: ClassVar[str] = "empty"
    sure: int = 0


@dataclass(frozen=True, slots=True)
class DropCode(Action):
    """The promotion code of the cart no longer counts."""

    verb: ClassVar[str] = "nocode"


@dataclass(frozen=True, slots=True)
class Pay(Action):
    verb: ClassVar[str] = "pay"


@dataclass(frozen=True, slots=True)
class PayOrder(Action):
    """An order that waits for its payment, whatever is in the cart by now. `provider` '': as it was to be paid."""

    verb: ClassVar[str] = "payorder"
    order_id: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class PickUpInStore(Action):
    """The cart is to be collected in a store."""

    verb: ClassVar[str] = "pickup"


@dataclass(frozen=True, slots=True)
class ShipIt(Action):
    """The cart is to be sent."""

    verb: ClassVar[str] = "ship"


@dataclass(frozen=True, slots=True)
class CollectAt(Action):
    """The cart is to be collected there. `store` is a store id that may travel as a digest: compare with `means`."""

    verb: ClassVar[str] = "collect"
    store: str = ""


@dataclass(frozen=True, slots=True)
class ChangeCheckout(Action):
    """What is to be said anew: how, contact, address, code; '' asks which."""

    verb: ClassVar[str] = "edit"
    what: str = ""


@dataclass(frozen=True, slots=True)
class SkipContact(Action):
    """No other way to reach me: the chat is enough."""

    verb: ClassVar[str] = "nocontact"


@dataclass(frozen=True, slots=True)
class PlaceOrder(Action):
    """Orders the cart, to be paid in that way; `total_minor` is the total that was shown."""

    verb: ClassVar[str] = "order"
    provider: str = ""
    total_minor: int = 0


@dataclass(frozen=True, slots=True)
class TellWhenOpen(Action):
    """News when that store takes orders again. `store` as in `CollectAt`."""

    verb: ClassVar[str] = "tellme"
    store: str = ""


@dataclass(frozen=True, slots=True)
class OrderStatus(Action):
    """One order of one's own; '': all of them."""

    verb: ClassVar[str] = "status"
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class CancelOrder(Action):
    """`sure` 0: asks first."""

    verb: ClassVar[str] = "callitoff"
    order_id: str = ""
    sure: int = 0


@dataclass(frozen=True, slots=True)
class Leaf(Action):
    """A page of a catalogue, and one product of it or (0) what the page shows."""

    verb: ClassVar[str] = "leaf"
    lookbook_id: str = ""
    page: int = 0
    product_id: int = 0


@dataclass(frozen=True, slots=True)
class AcceptLink(Action):
    """Yes, these two are one person. `choice` counts `MergeChoice` from 1; 0: there is nothing to choose."""

    verb: ClassVar[str] = "link"
    token: str = ""
    choice: int = 0


@dataclass(frozen=True, slots=True)
class DeclineLink(Action):
    verb: ClassVar[str] = "nolink"
    token: str = ""


@dataclass(frozen=True, slots=True)
class MakeLink(Action):
    """A link that joins another device to this conversation."""

    verb: ClassVar[str] = "join"


@dataclass(frozen=True, slots=True)
class Unlink(Action):
    """Two again."""

    verb: ClassVar[str] = "unlink"


@dataclass(frozen=True, slots=True)
class GiveBack(Action):
    """A step of a return or an exchange of one's order of that number; see `return_steps`."""

    verb: ClassVar[str] = "giveback"
    number: int = 0
    what: str = ""


@dataclass(frozen=True, slots=True)
class Renounce(Action):
    """A step of the legal withdrawal; see `return_steps`."""

    verb: ClassVar[str] = "renounce"
    number: int = 0
    what: str = ""


@dataclass(frozen=True, slots=True)
class AnotherPhoto(Action):
    verb: ClassVar[str] = "photo"


@dataclass(frozen=True, slots=True)
class PickGarment(Action):
    """One of the things in a photo, counted from 1; 0: ask again which. `photo` is the beginning of its sha256: a
    button under an older photo must not pick from a newer one."""

    verb: ClassVar[str] = "garment"
    number: int = 0
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Person(Action):
    verb: ClassVar[str] = "person"


@dataclass(frozen=True, slots=True)
class BackToBot(Action):
    """No person any more: us again."""

    verb: ClassVar[str] = "bot"


@dataclass(frozen=True, slots=True)
class CallBack(Action):
    """Ring me then: `at_min` minutes since 1970."""

    verb: ClassVar[str] = "ring"
    at_min: int = 0


@dataclass(frozen=True, slots=True)
class Help(Action):
    verb: ClassVar[str] = "help"


@dataclass(frozen=True, slots=True)
class Speak(Action):
    verb: ClassVar[str] = "speak"
    language: str = ""
