"""Which passwords anybody would try first."""

import pytest

from commerce.domain.passwords import LONGEST, is_weak


@pytest.mark.parametrize(
    "password",
    [
        "", "short", "123456789", "1234567890", "0987654321", "aaaaaaaaaaaa", "abababababab", "qwertyuiop",
        "Azertyuiop", "azertazert", "motdepasse", "MotDePasse!", "password123", "Password2026", "12345password",
        "iloveyou!!!",
        "nadia12345", "Nadia.B.2026", "nadia-b@2026", "Maison Test", "maisontest1", "MAISON-TEST!!!",
        "x" * (LONGEST + 1),
    ],
)  # fmt: skip
def test_easy_ones(password):
    assert is_weak(password, login="nadia.b", shop_name="Maison Test") or is_weak(
        password, login="nadia", shop_name="Maison Test"
    )


@pytest.mark.parametrize(
    "password",
    [
        "quatre mots sans lien",
        "correct horse battery",
        "9fK2-xxmQ-11Lp",
        "le chat boit du thé",
        "Nadia aime les figues",
    ],
)
def test_others(password):
    assert not is_weak(password, login="nadia", shop_name="Maison Test")


def test_a_shop_without_letters_in_its_name_forbids_nothing():
    assert not is_weak("quatre mots sans lien", login="42", shop_name="!!!")
