"""Addresses, telephone numbers and e-mail addresses as people type them."""

import pytest

from commerce.understanding.contact_details import ReadAddress, address_in, email_in, phone_in

COUNTRIES = ("FR", "BE", "CH", "GB")
NAMES = {"france": "FR", "belgique": "BE", "suisse": "CH", "united kingdom": "GB"}
LYON = ("12 rue de la République", "69002", "Lyon", "FR")

ADDRESSES = {
    "Léa Martin, 12 rue de la République, 69002 Lyon": ("Léa Martin", *LYON),
    "Léa Martin\n12 rue de la République\n69002 Lyon\nFrance": ("Léa Martin", *LYON),
    "12 rue de la République 69002 Lyon": ("", *LYON),
    "12, rue de la République, 69002 Lyon": ("", *LYON),
    "Léa Martin 12 rue de la République 69002 Lyon": ("Léa Martin", *LYON),
    "12 rue de la République, 69002, Lyon": ("", *LYON),
    "12 rue de la République, Lyon, 69002": ("", *LYON),
    "12 rue de la République F-69002 Lyon": ("", *LYON),
    "lieu-dit Le Bourg, 69002 Lyon": ("", "lieu-dit Le Bourg", "69002", "Lyon", "FR"),
    "12 bis cours Sextius, 13100 Aix-en-Provence": ("", "12 bis cours Sextius", "13100", "Aix-en-Provence", "FR"),
    "Rue Neuve 5, 1000 Bruxelles, Belgique": ("", "Rue Neuve 5", "1000", "Bruxelles", "BE"),
    "Bahnhofstrasse 3, 8001 Zürich, Suisse": ("", "Bahnhofstrasse 3", "8001", "Zürich", "CH"),
    "10 Downing Street, London SW1A 2AA": ("", "10 Downing Street", "SW1A 2AA", "London", "GB"),
    "Sam Green, 10 Downing Street, London, SW1A 2AA": ("Sam Green", "10 Downing Street", "SW1A 2AA", "London", "GB"),
    "10 Downing Street, London, sw1a 2aa, United Kingdom": ("", "10 Downing Street", "SW1A 2AA", "London", "GB"),
}


@pytest.mark.parametrize("typed", sorted(ADDRESSES))
def test_an_address_is_read(typed):
    read = address_in(typed, COUNTRIES, NAMES)
    assert (read.name, read.line1, read.postcode, read.city, read.country) == ADDRESSES[typed]
    assert read.is_whole


def test_what_is_between_street_and_town_is_kept():
    read = address_in("Léa Martin\n12 rue de la République\nbât. B, 3e étage\n69002 Lyon", COUNTRIES, NAMES)
    assert (read.line1, read.line2) == ("12 rue de la République", "bât. B 3e étage")


@pytest.mark.parametrize(
    "typed", ["69002 Lyon", "12 rue de la République", "bonjour", "", "…", "1", "\n,\n;", "a" * 5000]
)
def test_half_an_address_is_not_a_whole_one(typed):
    assert not address_in(typed, COUNTRIES, NAMES).is_whole


def test_a_missing_town_is_told_from_a_missing_street():
    assert address_in("69002 Lyon", COUNTRIES, NAMES) == ReadAddress("", "", "", "69002", "Lyon", "FR")
    assert address_in("12 rue Neuve", COUNTRIES, NAMES).line1 == "12 rue Neuve"


@pytest.mark.parametrize(
    ("typed", "country", "phone"),
    [
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("c’est le 06.12.34.56.78 merci", "FR", "+33612345678"),
        ("+33 6 12 34 56 78", "GB", "+33612345678"),
        ("0033 6 12 34 56 78", "", "+33612345678"),
        ("07911 123456", "GB", "+447911123456"),
        ("612 34 56 78", "ES", "+34612345678"),
        ("0612345678", "", ""),
        ("612345678", "FR", ""),
        ("1043", "FR", ""),
        ("+33 6", "FR", ""),
        ("+123456789012345678", "FR", ""),
        ("taille 38", "FR", ""),
    ],
)
def test_a_telephone_number_is_read_as_the_world_dials_it(typed, country, phone):
    assert phone_in(typed, country) == phone


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        ("lea@example.org", "lea@example.org"),
        ("mon mail : lea.martin+shop@mail.example.co.uk, merci", "lea.martin+shop@mail.example.co.uk"),
        ("lea@example", ""),
        ("lea example.org", ""),
        ("@example.org", ""),
        ("lea@@example.org", ""),
    ],
)
def test_an_email_address_is_read(typed, email):
    assert email_in(typed) == email
