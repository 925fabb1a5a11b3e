"""What a provider's page shows of an order, in the form that all of them take: whole units at one price each."""

from __future__ import annotations

import re
from typing import NamedTuple

from commerce.domain.payment import PaymentLine, PaymentRequest

# What every provider takes; an odder address is left for the shopper to type there rather than refused with the order.
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")


class ShownLine(NamedTuple):
    """`quantity` of a thing at `each_minor`."""

    name: str
    quantity: int
    each_minor: int


def shown_lines(request: PaymentRequest, *, most: int, longest_name: int) -> list[ShownLine]:
    """Line by line where that makes exactly the order's total, else the order as one line: the amount comes first."""
    total_minor = request.attempt.amount.minor
    lines = request.lines
    odd = sum(line.total_minor for line in lines) != total_minor or any(line.total_minor < 0 for line in lines)
    if odd or not 0 < len(lines) <= most:
        lines = (PaymentLine(request.description, 1, total_minor),)
    return [_shown(line, longest_name) for line in lines]


def email_to_show(request: PaymentRequest) -> str:
    """The shopper's address, '' where it is none that a provider would take."""
    return request.email if _EMAIL.fullmatch(request.email) else ""


def _shown(line: PaymentLine, longest_name: int) -> ShownLine:
    """Several of a thing whose total does not divide evenly are shown as one, with their number in the name."""
    if line.quantity > 0 and line.total_minor % line.quantity == 0:
        name, quantity, each_minor = line.title, line.quantity, line.total_minor // line.quantity
    else:
        name, quantity, each_minor = f"{line.quantity} × {line.title}", 1, line.total_minor
    return ShownLine(name.strip()[:longest_name] or "…", quantity, each_minor)
