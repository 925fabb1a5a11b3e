"""What is never shown in full, and what fits on a button."""

import pytest

from bot.staff.discretion import discreet
from bot.staff.taps import CardDeed, CardTap, TalkDeed, TalkTap, TaskTap, read_tap
from commerce.domain.collecting import PickUpKind, PickUpRef, RejectReason

ID = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("lea@exemple.fr", "l…@e….fr"),
        ("mon mail: lea.martin+shop@mail.exemple.co.uk !", "mon mail: l…@m….exemple.co.uk !"),
        ("06 12 34 56 78", "•• •• •• •• 78"),
        ("+33 6 12 34 56 78", "+•• • •• •• •• 78"),
        ("0612345678", "••••••••78"),
        ("(0)4.72.00.00.01 merci", "(•)•.••.••.••.01 merci"),
        ("commande 1042, taille 38, 79,00 €", "commande 1042, taille 38, 79,00 €"),
        ("livrée le 2026-03-05", "livrée le 2026-03-05"),
        ("le 10/03/2026 19:00, puis le 5.4.2026", "le 10/03/2026 19:00, puis le 5.4.2026"),
        ("06.12.34.56.78", "••.••.••.••.78"),
        ("code ABC-123", "code ABC-123"),
        ("", ""),
    ],
)
def test_addresses_and_numbers_are_not_shown_in_full(said, shown):
    assert discreet(said) == shown


def taps():
    for kind in PickUpKind:
        for deed in CardDeed:
            yield CardTap(deed, PickUpRef(kind, ID), 2**31 - 1)
        for reason in RejectReason:
            yield CardTap(CardDeed.REJECT, PickUpRef(kind, ID), 1, reason)
        yield CardTap(CardDeed.HAND_PROXY, PickUpRef(kind, ID), 2**31 - 1, paid=True)
    for deed in TalkDeed:
        yield TalkTap(deed, ID, 0)
    yield TaskTap(ID)


@pytest.mark.parametrize("tap", tuple(taps()), ids=str)
def test_every_button_fits_and_is_read_as_it_was_written(tap):
    assert len(str(tap).encode()) <= 64
    assert read_tap(str(tap)) == tap


@pytest.mark.parametrize(
    "data",
    ["", "c", "c:accept", f"c:accept:x:{ID}:1", f"c:fly:r:{ID}:1", f"c:accept:r:{ID}:-1", f"c:accept:r:{ID}:²",
     f"c:accept:r:{ID[:-1]}:1", f"c:reject:r:{ID}:1:because", f"c:accept:r:{ID}:1:sold:x", f"t:take:{ID}",
     f"t:take:{ID}:99999999999", "d:", f"d:{ID}:1", "reserve:1"],
)  # fmt: skip
def test_what_is_no_button_of_ours_does_nothing(data):
    assert read_tap(data) is None
