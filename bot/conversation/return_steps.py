"""Steps of a return and of a withdrawal, as buttons carry them: a few short fields in one word.

What a step names is looked up again by whoever takes it; a step that nobody could have been shown is None.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from hashlib import sha256
from typing import ClassVar
from urllib.parse import quote

from bot.conversation.actions import GiveBack, Renounce, encode, parse

_LARGEST = 2**63 - 1
_TINY = 13


@dataclass(frozen=True, slots=True)
class Step:
    """Root of the steps. `number` is an order's, 0 where none is named yet. The last field may be any text."""

    sign: ClassVar[str] = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Return(Step):
    """Something bought is to come back: an exchange, a return, a problem; a line of the order counted from 1, and why.
    What is missing is asked."""

    sign: ClassVar[str] = "r"
    line: int = 0
    kind: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReturnBy(Step):
    """A return in that way: store or parcel."""

    sign: ClassVar[str] = "b"
    line: int = 0
    reason: str = ""
    way: str = ""


@dataclass(frozen=True, slots=True)
class SwapFor(Step):
    """Which variant instead: is there one? 0 asks again. `reason` is a place in the list of reasons."""

    sign: ClassVar[str] = "f"
    line: int = 0
    variant_id: int = 0
    reason: int = 0


@dataclass(frozen=True, slots=True)
class Swap(Step):
    """Hold it: in a store (compare its id with `is_tiny`), or by post where that is ''."""

    sign: ClassVar[str] = "s"
    line: int = 0
    variant_id: int = 0
    reason: int = 0
    store: str = ""


@dataclass(frozen=True, slots=True)
class Withdraw(Step):
    """The legal withdrawal, first step. `lines`: bits by position, 0 for all that is left. `to`: the lane of a contact
    of the shopper's (compare with `is_tiny`)."""

    sign: ClassVar[str] = "w"
    lines: int = 0
    to: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawalName(Step):
    """Another name for it."""

    sign: ClassVar[str] = "n"
    lines: int = 0
    to: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmWithdrawal(Step):
    """The second step. `seen`: how many withdrawals of this order there were when the first was shown."""

    sign: ClassVar[str] = "c"
    lines: int = 0
    seen: int = 0
    to: str = ""


@dataclass(frozen=True, slots=True)
class KeepIt(Step):
    """Nothing comes back after all."""

    sign: ClassVar[str] = "k"
    return_id: str = ""


@dataclass(frozen=True, slots=True)
class Receipt(Step):
    """The receipt of a withdrawal again."""

    sign: ClassVar[str] = "v"
    return_id: str = ""


STEPS: dict[str, type[Step]] = {kind.sign: kind for kind in Step.__subclasses__()}
_OF_WITHDRAWALS = (Withdraw, WithdrawalName, ConfirmWithdrawal, Receipt)


def code(step: Step) -> str:
    """What a button sends for this step."""
    said = ".".join([step.sign, *(str(getattr(step, field.name)) for field in fields(step)[1:])])
    kind = Renounce if isinstance(step, _OF_WITHDRAWALS) else GiveBack
    return encode(kind(step.number, said))


def step_of(action: object) -> Step | None:
    """The step that an action carries; None for whatever `code` did not make."""
    if not isinstance(action, (GiveBack, Renounce)):
        return None
    sign, _, said = action.what.partition(".")
    kind = STEPS.get(sign)
    if kind is None or issubclass(kind, _OF_WITHDRAWALS) is not isinstance(action, Renounce):
        return None
    named = fields(kind)[1:]
    parts = said.split(".", len(named) - 1)
    if len(parts) != len(named):
        return None
    values: list[int | str] = []
    for field, part in zip(named, parts, strict=True):
        if field.type != "int":
            values.append(part)
        elif part.isascii() and part.isdecimal() and len(part) < 20 and int(part) <= _LARGEST:
            values.append(int(part))
        else:
            return None
    return kind(action.number, *values)


def step_in(text: str) -> Step | None:
    """The step in what a button sends."""
    return step_of(parse(text))


def tiny(word: str) -> str:
    """A word as a step carries it: itself, or a digest where it takes more than 13 bytes."""
    return word if len(quote(word, safe="")) <= _TINY else f"~{sha256(word.encode()).hexdigest()[:12]}"


def is_tiny(carried: str, word: str) -> bool:
    """Whether what `tiny` carries stands for this word."""
    return carried == tiny(word)
