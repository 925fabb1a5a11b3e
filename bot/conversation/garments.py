"""Several things to wear in one photo: which one is meant, by a tap, by its number, its name or its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import AnotherPhoto, PickGarment, encode
from bot.conversation.results import show
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button, ReplyPicture
from bot.sessions import Pending, Question, Session
from bot.wording import words
from commerce.domain.wish import Wish
from commerce.ports import PartOfPicture
from commerce.services.photos import RememberedGarment
from commerce.services.wishes import refined
from commerce.understanding import Shown, Side

if TYPE_CHECKING:
    from commerce.wiring import Shop

_MARK = 8  # letters of a photo's sha256 that its buttons carry
# The one that is furthest in a direction has the least of this.
_FURTHEST: Mapping[Side, Callable[[PartOfPicture], float]] = {
    "left": lambda box: box[0] + box[2],
    "right": lambda box: -(box[0] + box[2]),
    "top": lambda box: box[1] + box[3],
    "bottom": lambda box: -(box[1] + box[3]),
    "middle": lambda box: abs(box[0] + box[2] - 1),
}


def ask_which(talk: Talk, wish: Wish) -> Turn:
    """The photo with numbers on it, and a button for each. `wish` waits for the answer."""
    photo = talk.session.photo
    assert photo is not None
    labels = [f"{number} {_label(talk, each)}" for number, each in enumerate(photo.garments, 1)]
    mark = photo.sha256[:_MARK]
    picture = None
    if talk.session.numbered_key:
        alt = talk.t("Your photo with numbers: {items}", items=", ".join(labels))
        picture = ReplyPicture(alt=alt, media_key=talk.session.numbered_key)
    return talk.say(
        talk.t("I see {count} items. Which one?", count=len(labels)),
        buttons=tuple(Button(label, encode(PickGarment(n, mark))) for n, label in enumerate(labels, 1)),
        picture=picture,
        session=replace(talk.session, wish=wish, pending=Pending(Question.GARMENT), queue=(), offset=0),
    )


def tapped(talk: Talk, action: PickGarment) -> Turn:
    photo = talk.session.photo
    known = photo is not None and photo.seen(talk.now) is not None
    if photo is None or not known or not photo.sha256.startswith(action.photo):
        text = talk.t("I no longer have that photo. Send it again and I will look at it.")
        return talk.say(text, buttons=(Button(talk.t("Another photo"), encode(AnotherPhoto())),))
    wish = talk.session.wish if talk.session.wish.by_photo else Wish(by_photo=True)
    if not 0 < action.number <= len(photo.garments):
        return ask_which(talk, Wish(by_photo=True))
    return _search(talk, action.number, wish)


def picked_by_words(talk: Talk) -> Turn | None:
    """The answer to a message that says which ("2", "la veste", "the left one in 38"); None when it does not."""
    photo = talk.session.photo
    if photo is None or photo.seen(talk.now) is None:
        return None
    number = _pointed_at(talk, len(photo.garments)) or meant_by(talk, photo.garments)
    if not number:
        return None
    # What named the garment has done its work; the rest of the message refines.
    rest = replace(talk.slots, category=None, also_categories=(), words=(), query="")
    return _search(talk, number, refined(talk.session.wish, rest))


def meant_by(talk: Talk, among: Sequence[RememberedGarment]) -> int:
    """Which of them the words of the message mean by place or by kind, counted from 1; 0 when that is not certain."""
    if not among:
        return 0
    if talk.slots.side is not None:
        place = _FURTHEST[talk.slots.side]
        return min(range(len(among)), key=lambda at: place(among[at].box)) + 1
    if talk.slots.category is None:
        return 0
    wanted = talk.shop.lexicon.kin(talk.slots.category)
    fitting = [number for number, each in enumerate(among, 1) if each.category in wanted]
    return fitting[0] if len(fitting) == 1 else 0


def as_shown(session: Session, shop: Shop) -> tuple[Shown, ...]:
    """The garments as a list that words can refer to."""
    garments = session.photo.garments if session.photo else ()
    return tuple(Shown(_named(shop, each.category, session.language), each.category or None) for each in garments)


def _pointed_at(talk: Talk, count: int) -> int:
    """By position: the newest list that the message could refer to is that of the garments."""
    if talk.slots.side is not None:
        return 0
    pointed = [reference.position for reference in talk.slots.references if reference.list_back == 0]
    return pointed[0] + 1 if len(pointed) == 1 and pointed[0] < count else 0


def _search(talk: Talk, number: int, wish: Wish) -> Turn:
    photo = talk.session.photo
    assert photo is not None
    session = replace(talk.session, photo=replace(photo, picked=number), focus=None, pending=None)
    return show(talk.with_session(session), replace(wish, by_photo=True))


def _label(talk: Talk, garment: RememberedGarment) -> str:
    return _named(talk.shop, garment.category, talk.language)


def _named(shop: Shop, category: str, language: str) -> str:
    if category not in shop.lexicon.keys("category"):
        return words(language, "Item")
    label = shop.lexicon.label("category", category, language)
    return label[:1].upper() + label[1:]


ABILITY = Ability(actions={PickGarment: tapped})
