from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.graphemes import length
from bot.intake import clean
from bot.messages import Ask, Button, Capabilities, Card, Reply, ReplyDocument, ReplyPicture
from bot.render import Outgoing, OutgoingKind, choices, render

RICH = Capabilities(
    text_limit=4096, caption_limit=1024, buttons_per_message=100, button_label_limit=64, pictures=True, albums=True,
    location_request=True, documents=True, counts_utf16=True,
)  # fmt: skip
PLAIN = Capabilities(text_limit=1600)
TINY = Capabilities(text_limit=40, caption_limit=10, buttons_per_message=3, button_label_limit=8, pictures=True)
HTML = Capabilities(text_limit=200, markdown=True, buttons_per_message=5)

HOSTILE = [
    "x" * 64_000,
    "e" + "\u0301" * 10_000,
    "👨‍👩‍👧‍👦" * 3_000,
    "\u202eevil\u202c",
    "a\x00b",
    "\ud800",
    "'; DROP TABLE product; --",
    "{{7*7}} {price} %s%n",
    "<script>alert(1)</script>",
    "a" * 5_000 + "!",
    "\n" * 9_000,
    "",
]


def picture(name: str = "p.jpg") -> ReplyPicture:
    return ReplyPicture("a dress", media_key=name)


def card(title: str, *labels: str, with_picture: bool = True) -> Card:
    buttons = tuple(Button(label, f"show:{number}") for number, label in enumerate(labels, 1))
    return Card(title, ("79,00 €", "en stock"), picture() if with_picture else None, buttons)


def labels(messages: list[Outgoing]) -> list[str]:
    return [button.label for message in messages for row in message.rows for button in row]


def fits(messages: list[Outgoing], caps: Capabilities) -> bool:
    return all(
        length(m.text, utf16=caps.counts_utf16) <= (caps.caption_limit if m.pictures else caps.text_limit)
        and sum(map(len, m.rows)) <= caps.buttons_per_message
        and all(len(b.label) <= caps.button_label_limit for row in m.rows for b in row)
        for m in messages
    )


@pytest.mark.parametrize("caps", [RICH, PLAIN, TINY], ids=["rich", "plain", "tiny"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_fits_and_is_inert(text: str, caps: Capabilities) -> None:
    reply = Reply(
        text,
        cards=(card(text, text[:100] or "x"), card(text), card(text)),
        buttons=(Button(text[:200] or "x", "more"),),
    )
    for shown in (Reply(text), reply, Reply(text, picture=picture()), Reply(text, cards=(card(text),))):
        messages = render(shown, caps)
        assert messages
        assert fits(messages, caps)
        assert all(m.text == clean(m.text, 100_000) for m in messages)
        assert all(m.text for m in messages if m.kind is OutgoingKind.TEXT)


@given(st.text(max_size=3_000), st.integers(20, 500), st.booleans())
def test_any_text_within_any_limit(text: str, limit: int, utf16: bool) -> None:
    caps = Capabilities(text_limit=limit, counts_utf16=utf16)
    assert fits(render(Reply(text), caps), caps)


def test_long_text_is_split_and_the_buttons_hang_on_the_last() -> None:
    messages = render(Reply("mot " * 2_000, buttons=(Button("Oui", "remember:1"),)), RICH)
    assert [m.kind for m in messages] == ["text", "text"]
    assert not messages[0].rows
    assert labels(messages) == ["Oui"]


def test_one_card_is_a_picture_with_its_caption_and_buttons() -> None:
    [message] = render(Reply("Voici :", cards=(card("Robe", "Choisir ma taille", "Voir en magasin"),)), RICH)
    assert message.kind is OutgoingKind.PICTURE
    assert message.text == "Voici :\n\nRobe — 79,00 €\nen stock"
    assert labels([message]) == ["Choisir ma taille", "Voir en magasin"]


def test_several_cards_are_an_album_and_numbered_buttons() -> None:
    cards = (card("Robe", "Choisir ma taille"), card("Veste", "Choisir ma taille"), card("Sac"))
    album, text = render(Reply("Voici :", cards=cards, buttons=(Button("Plus", "more"),)), RICH)
    assert album.kind is OutgoingKind.ALBUM
    assert len(album.pictures) == 3
    assert "1. Robe — 79,00 €" in text.text
    assert "3. Sac — 79,00 €" in text.text
    assert labels([text]) == ["1. Choisir ma taille", "2. Choisir ma taille", "Plus"]


def test_never_more_than_three_cards() -> None:
    messages = render(Reply("x", cards=tuple(card(f"carte {n}") for n in range(9))), RICH)
    assert "carte 2" in messages[-1].text
    assert "carte 3" not in messages[-1].text


def test_without_buttons_everything_is_a_numbered_line() -> None:
    cards = (card("Robe", "Choisir ma taille", "Voir en magasin"), card("Veste", "Choisir ma taille"))
    reply = Reply(
        "Voici :", cards=cards, buttons=(Button("Plus", "more"), Button("Itinéraire", url="https://example.com/x"))
    )
    [message] = render(reply, PLAIN)
    for line in (
        "• Robe — 79,00 €",
        "  1. Choisir ma taille",
        "  2. Voir en magasin",
        "  3. Choisir ma taille",
        "4. Plus",
    ):
        assert line in message.text.split("\n")
    assert "Itinéraire: https://example.com/x" in message.text
    assert [b.label for b in choices(reply, PLAIN)] == [
        "Choisir ma taille",
        "Voir en magasin",
        "Choisir ma taille",
        "Plus",
    ]


def test_the_location_widget_or_its_absence() -> None:
    reply = Reply("Où ?", buttons=(Button("📍 Partager", "place"), Button("Ville", "city")), ask=Ask.LOCATION)
    [asked] = render(reply, RICH)
    assert asked.kind is OutgoingKind.LOCATION_REQUEST
    assert labels([asked]) == ["📍 Partager", "Ville"]
    [text] = render(reply, PLAIN)
    assert text.text == "Où ?\n\n1. Ville"
    assert [b.label for b in choices(reply, PLAIN)] == ["Ville"]


def test_html_is_escaped() -> None:
    [message] = render(Reply("<b>5 & 6</b>"), HTML)
    assert message.html
    assert message.text == "&lt;b&gt;5 &amp; 6&lt;/b&gt;"
    [plain] = render(Reply("<b>5 & 6</b>"), PLAIN)
    assert plain.text == "<b>5 & 6</b>"


def test_buttons_that_do_not_fit_are_left_out_from_the_end() -> None:
    reply = Reply("x", buttons=tuple(Button(f"choix {n}", "more") for n in range(9)))
    assert labels(render(reply, TINY)) == ["choix 0", "choix 1", "choix 2"]


def test_a_picture_whose_caption_is_too_long_is_followed_by_its_text() -> None:
    first, *rest = render(Reply("m " * 800, picture=picture(), buttons=(Button("Oui", "remember:1"),)), RICH)
    assert first.kind is OutgoingKind.PICTURE
    assert not first.text
    assert labels(rest) == ["Oui"]


RECEIPT = ReplyDocument("receipt.txt", "Received on 10/03/2026.\nOrder 1043.", "https://shop.example/receipt")


def test_a_file_carries_its_words_and_its_buttons() -> None:
    (only,) = render(Reply("Your receipt.", buttons=(Button("Ok", "help"),), document=RECEIPT), RICH)
    assert (only.kind, only.text, only.document) == (OutgoingKind.DOCUMENT, "Your receipt.", RECEIPT)
    assert labels([only]) == ["Ok"]


def test_words_too_long_for_a_caption_follow_the_file() -> None:
    file, *words = render(Reply("x" * 2_000, buttons=(Button("Ok", "help"),), document=RECEIPT), RICH)
    assert (file.kind, file.text, file.rows) == (OutgoingKind.DOCUMENT, "", ())
    assert "".join(message.text for message in words) == "x" * 2_000
    assert labels(words) == ["Ok"]


def test_without_files_the_message_says_what_the_file_says() -> None:
    (only,) = render(Reply("Your receipt.", document=RECEIPT), PLAIN)
    assert only.kind is OutgoingKind.TEXT
    assert only.text == "Your receipt.\n\nReceived on 10/03/2026.\nOrder 1043."


@pytest.mark.parametrize(("language", "shown"), [("fr", "Nadia\u00a0: Bonjour"), ("en", "Nadia: Bonjour")])
def test_whoever_speaks_is_named(language, shown):
    (message,) = render(Reply("Bonjour", language=language, speaker="Nadia"), Capabilities(4096))
    assert message.text == shown
