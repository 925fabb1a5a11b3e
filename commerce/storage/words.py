"""Words by which people and their threads are found, kept beside them in the transaction that writes them.

One row a word, folded, so that a search is a walk through an index on both databases.
"""

from __future__ import annotations

import json
import re

from commerce.domain.mail import Direction
from commerce.lexicon.folding import words
from commerce.storage.direct import Direct
from commerce.storage.transaction import Transaction

LONGEST = 64  # characters of a word that is kept
MOST = 200  # words of one entry
PHONE_DIGITS = 9  # the end of a telephone number: the same however it begins

_NOT_A_DIGIT = re.compile(r"\D")
_SPOKEN = re.compile(r'"speaker":\s*"[^"]')  # of a reply: a person's


def _keep(table: str, column: str, kind: str) -> Direct:
    return Direct(
        f"INSERT INTO {table} (word, {column}) SELECT value, ? FROM json_each(?) WHERE true"  # noqa: S608 - our names
        " ON CONFLICT DO NOTHING",
        postgres=f"INSERT INTO {table} (word, {column}) SELECT value, %s::{kind}"  # noqa: S608
        " FROM json_array_elements_text(%s::json) ON CONFLICT DO NOTHING",
    )


_KEEP_KNOWN = _keep("known_word", "customer_id", "varchar")
_KEEP_SAID = _keep("said_word", "entry_id", "bigint")


def folded(text: str) -> list[str]:
    """Each word once, in order; single letters tell nothing."""
    return list(dict.fromkeys(word[:LONGEST] for word in words(text) if len(word) > 1))[:MOST]


def phone_end(text: str) -> str:
    """The last digits of what looks like a telephone number; ''."""
    digits = _NOT_A_DIGIT.sub("", text)
    return digits[-PHONE_DIGITS:] if PHONE_DIGITS - 1 <= len(digits) <= 16 else ""


def known_words(name: str, email: str = "", phone: str = "") -> list[str]:
    found = folded(name)
    if email:
        found += [email.strip().lower()[:LONGEST], *folded(email.partition("@")[0])]
    if phone and phone_end(phone):
        found.append(phone_end(phone))
    return list(dict.fromkeys(found))


def said_words(direction: Direction, body: str) -> list[str]:
    """What people said in an entry. A reply counts when a person spoke: the bot says the same to everybody."""
    if direction is Direction.OUT and not _SPOKEN.search(body):
        return []
    try:
        read = json.loads(body)
    except ValueError:
        return []
    text = read.get("text") if isinstance(read, dict) else None
    return folded(text) if isinstance(text, str) else []


def keep_known(transaction: Transaction, customer_id: str, found: list[str]) -> None:
    if found:
        transaction.direct(_KEEP_KNOWN, (customer_id, json.dumps(found)))


def keep_said(transaction: Transaction, entry_id: int, direction: Direction, body: str) -> None:
    if found := said_words(direction, body):
        transaction.direct(_KEEP_SAID, (entry_id, json.dumps(found)))
