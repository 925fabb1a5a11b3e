"""Which passwords are too easy to guess. Length counts, kinds of signs do not (NIST SP 800-63B)."""

from __future__ import annotations

SHORTEST = 10
LONGEST = 200
_FEWEST_DIFFERENT = 5

# Of ten signs or more, the ones that people choose most, in both languages, without figures and signs at their ends.
_COMMONEST = frozenset((
    "password", "passwords", "passw0rd", "passwort", "motdepasse", "monmotdepasse", "motdepassse", "azertyuiop",
    "azertyuiopqs", "azertyazerty", "qwertyuiop", "qwertyqwerty", "qwertzuiop", "qazwsxedc", "qwertyuiopas",
    "asdfghjkl", "asdfghjklm", "wxcvbnazerty", "iloveyou", "jetaime", "jtaimefort", "jetaimefort", "doudoudou",
    "loulouloulou", "soleilsoleil", "bonjourbonjour", "chouchou", "marseille", "olympiquemarseille",
    "administrateur", "administrator", "adminadmin", "changeme", "changemenow", "letmein", "letmeinnow", "welcome",
    "bienvenue", "welcomehome", "princesse", "princess", "sunshine", "football", "basketball", "baseball",
    "superman", "batman", "pokemon", "starwars", "chocolat", "chocolate", "naruto", "dragonball", "manchester",
    "liverpool", "arsenal", "chelsea", "trustno", "nothing", "whatever", "secret", "secretsecret", "boutique",
    "magasin", "vendeuse", "vendeur",
))  # fmt: skip
_RUNS = (
    "01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn", "a1z2e3r4t5y6u7i8o9p0", "q1w2e3r4t5y6u7i8o9p0",
)  # fmt: skip


def is_weak(password: str, *, login: str, shop_name: str) -> bool:
    """Too short, too long, or among the first that anybody would try for this login in this shop."""
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < _FEWEST_DIFFERENT:
        return True
    low = password.casefold().strip()
    bare = "".join(sign for sign in low if sign.isalnum())
    words = bare.strip("0123456789")
    own = {_bare(login), _bare(login.partition("@")[0]), _bare(shop_name), _bare(login + shop_name)} - {""}
    if words in own or bare in own or words in _COMMONEST or bare in _COMMONEST:
        return True
    half = bare[: len(bare) // 2]  # « azertazert »: twice a run of keys
    return any(bare in run or (bare == half * 2 and half in run) for run in _RUNS)


def _bare(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum()).strip("0123456789")
