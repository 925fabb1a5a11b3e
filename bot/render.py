"""From a Reply to what a channel can show. Pure: the same reply and capabilities give the same messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape
from typing import TypeAlias

from bot.graphemes import cut, length, split
from bot.intake import clean
from bot.messages import Ask, Button, Capabilities, Card, Invoice, Reply, ReplyDocument, ReplyPicture
from bot.wording import words

MAX_CARDS = 3
_MAX_PIECES = 6  # messages that one text may become; the rest is cut
_LONGEST_TEXT, _LONGEST_NAME = 40_000, 80
_ROW_UNITS = 34  # characters of labels that a phone shows beside each other

Rows: TypeAlias = tuple[tuple[Button, ...], ...]


class OutgoingKind(StrEnum):
    TEXT = "text"
    PICTURE = "picture"
    ALBUM = "album"
    LOCATION_REQUEST = "location_request"
    INVOICE = "invoice"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as the channel sends it. `text` is the text, or the caption of what comes with it; within limits.

    `rows` are rows of buttons, empty where the channel has none; those of an invoice stand below the one that pays.
    `html`: the text is escaped HTML with <b> alone.
    """

    kind: OutgoingKind
    text: str = ""
    pictures: tuple[ReplyPicture, ...] = ()
    rows: tuple[tuple[Button, ...], ...] = ()
    html: bool = False
    invoice: Invoice | None = None
    document: ReplyDocument | None = None


def render(reply: Reply, capabilities: Capabilities) -> list[Outgoing]:
    """The messages that say `reply` on a channel, in order; at least one. Buttons hang on the last of them.

    Of a reply that asks for a location, the first button is the label of the channel's own widget: it is left out where
    the channel has none.
    """
    reply = _harmless(_askable(_with_document(reply, capabilities), capabilities))
    cards = reply.cards
    if capabilities.buttons_per_message == 0:
        return _as_lines(reply, cards, capabilities)
    if len(cards) == 1:
        return _one_card(reply, cards[0], capabilities)
    if cards:
        return _several_cards(reply, cards, capabilities)
    return _without_cards(reply, capabilities)


def choices(reply: Reply, capabilities: Capabilities) -> tuple[Button, ...]:
    """The buttons with an action in the order in which a channel without buttons numbers them, counted from 1."""
    reply = _askable(reply, capabilities)
    buttons = (*(button for card in reply.cards[:MAX_CARDS] for button in card.buttons), *reply.buttons)
    return tuple(button for button in buttons if button.action)


def _askable(reply: Reply, caps: Capabilities) -> Reply:
    can_ask = reply.ask is None or caps.location_request
    return reply if can_ask else replace(reply, ask=None, buttons=reply.buttons[1:])


def _with_document(reply: Reply, caps: Capabilities) -> Reply:
    """A channel that carries no files says what the file says."""
    if reply.document is None or caps.documents:
        return reply
    return replace(reply, text=f"{reply.text}\n\n{reply.document.text}".strip(), document=None)


def _harmless(reply: Reply) -> Reply:
    """Feeds and shoppers write titles: whatever they hold is text, and nothing else."""
    cards = (
        replace(card, title=clean(card.title, _LONGEST_TEXT), facts=tuple(clean(f, _LONGEST_TEXT) for f in card.facts))
        for card in reply.cards[:MAX_CARDS]
    )
    text = clean(reply.text, _LONGEST_TEXT)
    if reply.speaker:  # whoever reads knows that a person wrote it
        name = clean(reply.speaker, _LONGEST_NAME)
        text = words(reply.language, "{name}: {text}", name=name, text=text) if text else name
    return replace(reply, text=text, cards=tuple(cards))


def card_line(card: Card) -> str:
    """« Robe midi en lin — 79,00 € »: what a list says of a product."""
    return f"{card.title} — {card.facts[0]}" if card.facts else card.title


def _without_cards(reply: Reply, caps: Capabilities) -> list[Outgoing]:
    rows = _rows(reply.buttons, caps)
    if reply.ask is Ask.LOCATION:
        return _texts(reply.text, caps, last=Outgoing(OutgoingKind.LOCATION_REQUEST, rows=rows))
    if reply.invoice and caps.invoices:
        head = _texts(reply.text, caps, last=Outgoing(OutgoingKind.TEXT)) if reply.text else []
        return [*head, Outgoing(OutgoingKind.INVOICE, rows=rows, invoice=reply.invoice)]
    if reply.document:
        return _with_caption(Outgoing(OutgoingKind.DOCUMENT, document=reply.document), reply.text, rows, caps)
    if reply.picture and caps.pictures:
        return _picture(reply.picture, reply.text, rows, caps)
    return _texts(reply.text, caps, last=Outgoing(OutgoingKind.TEXT, rows=rows))


def _one_card(reply: Reply, card: Card, caps: Capabilities) -> list[Outgoing]:
    rows = _rows((*card.buttons, *reply.buttons), caps)
    body = "\n".join((card_line(card), *card.facts[1:]))
    if card.picture and caps.pictures:
        text = f"{reply.text}\n\n{body}" if reply.text else body
        if length(text, utf16=caps.counts_utf16) <= caps.caption_limit:
            return _picture(card.picture, text, rows, caps)
        head = _texts(reply.text, caps, last=Outgoing(OutgoingKind.TEXT)) if reply.text else []
        return [*head, *_picture(card.picture, body, rows, caps)]
    return _texts(f"{reply.text}\n\n{body}".strip(), caps, last=Outgoing(OutgoingKind.TEXT, rows=rows))


def _several_cards(reply: Reply, cards: Sequence[Card], caps: Capabilities) -> list[Outgoing]:
    """An album with a numbered list under it, then the buttons, each with the number of its product."""
    lines = "\n".join(_numbered(cards))
    text = f"{reply.text}\n\n{lines}" if reply.text else lines
    rows = (
        *(row for number, card in enumerate(cards, 1) for row in _rows(_prefixed(card.buttons, number), caps)),
        *_rows(reply.buttons, caps),
    )
    rows = _within(rows, caps)
    pictures = tuple(card.picture for card in cards if card.picture)
    if not pictures or not caps.pictures:
        return _texts(text, caps, last=Outgoing(OutgoingKind.TEXT, rows=rows))
    if len(pictures) > 1 and caps.albums:
        shown = [Outgoing(OutgoingKind.ALBUM, pictures=pictures)]
    else:
        shown = [Outgoing(OutgoingKind.PICTURE, pictures=(picture,)) for picture in pictures]
    return [*shown, *_texts(text, caps, last=Outgoing(OutgoingKind.TEXT, rows=rows))]


def _as_lines(reply: Reply, cards: Sequence[Card], caps: Capabilities) -> list[Outgoing]:
    """Everything as text: buttons become numbered lines, and the number typed back is understood."""
    number = 0
    lines = [reply.text] if reply.text else []
    for card in cards:
        lines.append("")
        lines.append(f"• {card_line(card)}")
        lines.extend(f"  {fact}" for fact in card.facts[1:])
        for button in card.buttons:
            number += 1 if button.action else 0
            lines.append(f"  {_choice(button, number)}")
    if reply.buttons:
        lines.append("")
        for button in reply.buttons:
            number += 1 if button.action else 0
            lines.append(_choice(button, number))
    kind = OutgoingKind.TEXT if reply.ask is None else OutgoingKind.LOCATION_REQUEST
    messages = _texts("\n".join(lines).strip("\n"), caps, last=Outgoing(kind))
    pictures = tuple(p for p in (reply.picture, *(card.picture for card in cards)) if p)
    if not pictures or not caps.pictures:
        return messages
    if len(pictures) > 1 and caps.albums:
        return [Outgoing(OutgoingKind.ALBUM, pictures=pictures), *messages]
    return [*(Outgoing(OutgoingKind.PICTURE, pictures=(picture,)) for picture in pictures), *messages]


def _choice(button: Button, number: int) -> str:
    if not button.action:
        return f"{button.label}: {button.url}"
    return f"{number}. {button.label.removeprefix(f'{number} ')}"  # "2 Jacket" has its number already


def _numbered(cards: Sequence[Card]) -> Iterator[str]:
    for number, card in enumerate(cards, 1):
        yield f"{number}. {card_line(card)}"
        yield from (f"    {fact}" for fact in card.facts[1:])


def _prefixed(buttons: Sequence[Button], number: int) -> tuple[Button, ...]:
    return tuple(replace(button, label=f"{number}. {button.label}") for button in buttons)


def _picture(picture: ReplyPicture, caption: str, rows: Rows, caps: Capabilities) -> list[Outgoing]:
    return _with_caption(Outgoing(OutgoingKind.PICTURE, pictures=(picture,)), caption, rows, caps)


def _with_caption(file: Outgoing, caption: str, rows: Rows, caps: Capabilities) -> list[Outgoing]:
    """A file with its caption; what does not fit under it follows as text, the buttons with it."""
    if length(caption, utf16=caps.counts_utf16) <= caps.caption_limit:
        return [_finished(replace(file, rows=rows), caption, caps)]
    return [
        file,
        *_texts(caption, caps, last=Outgoing(OutgoingKind.TEXT, rows=rows)),
    ]


def _texts(text: str, caps: Capabilities, *, last: Outgoing) -> list[Outgoing]:
    """The text in as many messages as it needs; `last` is how the final one looks, its text apart."""
    pieces = split(text, caps.text_limit, utf16=caps.counts_utf16)
    if len(pieces) > _MAX_PIECES:
        *pieces, rest = pieces[:_MAX_PIECES]
        pieces.append(cut(f"{rest} …", caps.text_limit, utf16=caps.counts_utf16))
    if not pieces:
        pieces = ["…"]
    *first, final = pieces
    return [
        *(_finished(Outgoing(OutgoingKind.TEXT), piece, caps) for piece in first),
        _finished(last, final, caps),
    ]


def _finished(outgoing: Outgoing, text: str, caps: Capabilities) -> Outgoing:
    text = clean(text, _LONGEST_TEXT)
    return replace(outgoing, text=escape(text, quote=False) if caps.markdown else text, html=caps.markdown)


def _rows(buttons: Sequence[Button], caps: Capabilities) -> Rows:
    """Short labels side by side, long ones alone, in the order given."""
    rows: list[list[Button]] = []
    used = 0
    for button in buttons:
        label = cut(clean(button.label), caps.button_label_limit, utf16=caps.counts_utf16)
        needs = len(label) + 4
        if rows and used + needs <= _ROW_UNITS:
            rows[-1].append(replace(button, label=label))
            used += needs
        else:
            rows.append([replace(button, label=label)])
            used = needs
    return _within(tuple(map(tuple, rows)), caps)


def _within(rows: Rows, caps: Capabilities) -> Rows:
    """At most as many buttons as a message may carry: the last ones go first, whole rows at a time."""
    kept: list[tuple[Button, ...]] = []
    left = caps.buttons_per_message
    for row in rows:
        if len(row) > left:
            break
        kept.append(row)
        left -= len(row)
    return tuple(kept)
