"""What the buttons of whoever comes to collect send back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.conversation.action_codes import Action


@dataclass(frozen=True, slots=True)
class ExtendOrder(Action):
    """An order that is to be paid at the counter is kept longer."""

    verb: ClassVar[str] = "keep"
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class OnMyWay(Action):
    """`kind` and `subject_id` name what is collected: a `PickUpRef`. So in the others of this kind."""

    verb: ClassVar[str] = "coming"
    kind: str = ""
    subject_id: str = ""


@dataclass(frozen=True, slots=True)
class SendSomeone(Action):
    """Another person collects it: who?"""

    verb: ClassVar[str] = "proxy"
    kind: str = ""
    subject_id: str = ""


@dataclass(frozen=True, slots=True)
class ByCar(Action):
    """It is to be brought out: to which vehicle?"""

    verb: ClassVar[str] = "car"
    kind: str = ""
    subject_id: str = ""


@dataclass(frozen=True, slots=True)
class ImHere(Action):
    verb: ClassVar[str] = "here"
    kind: str = ""
    subject_id: str = ""


@dataclass(frozen=True, slots=True)
class ChooseSlot(Action):
    """An hour to come; `at_min` minutes since 1970, 0: which are there?"""

    verb: ClassVar[str] = "slot"
    kind: str = ""
    subject_id: str = ""
    at_min: int = 0


@dataclass(frozen=True, slots=True)
class AllGood(Action):
    """The answer to "all good?" after it was handed over."""

    verb: ClassVar[str] = "good"


@dataclass(frozen=True, slots=True)
class Trouble(Action):
    """The other answer: something is wrong with what was handed over."""

    verb: ClassVar[str] = "trouble"
    kind: str = ""
    subject_id: str = ""
