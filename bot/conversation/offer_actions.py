"""What the buttons of offers and of waiting send back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.conversation.action_codes import Action


@dataclass(frozen=True, slots=True)
class TakeOffer(Action):
    """One of the choices that are held."""

    verb: ClassVar[str] = "take"
    offer_id: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class SendOrder(Action):
    """An order that is paid goes by parcel to the address that was shown; `elsewhere` 1: to another one."""

    verb: ClassVar[str] = "sendorder"
    offer_id: str = ""
    position: int = 0
    elsewhere: int = 0


@dataclass(frozen=True, slots=True)
class NoOffer(Action):
    """None of them."""

    verb: ClassVar[str] = "none"
    offer_id: str = ""


@dataclass(frozen=True, slots=True)
class TellWhenBack(Action):
    """News when it is there again. `store` '': anywhere; else a store id that may travel as a digest: compare with
    `means`."""

    verb: ClassVar[str] = "whenback"
    variant_id: int = 0
    store: str = ""


@dataclass(frozen=True, slots=True)
class WaitFor(Action):
    """The same of a product; which size and colour is asked where it is not known."""

    verb: ClassVar[str] = "waitfor"
    product_id: int = 0


@dataclass(frozen=True, slots=True)
class TakeWaited(Action):
    """What came back is wanted."""

    verb: ClassVar[str] = "waited"
    waiter_id: str = ""


@dataclass(frozen=True, slots=True)
class StopWaiting(Action):
    """It is wanted no more."""

    verb: ClassVar[str] = "nowait"
    waiter_id: str = ""
