"""A campaign as text to be posted: Telegram's caption with its buttons, and captions for apps without links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from commerce.services.campaign_words import CampaignWords, ItemWords, words

LONGEST_TELEGRAM = 1024  # letters of a caption, without its marks: https://core.telegram.org/bots/api#sendphoto
LONGEST_CAPTION = 2_200  # Instagram and TikTok
_LONGEST_BUTTON = 40


@dataclass(frozen=True, slots=True)
class TelegramPost:
    """`caption` in Telegram's HTML; each button is a row of its own: what it says and where it leads."""

    caption: str
    buttons: tuple[tuple[str, str], ...]

    def as_request(self) -> dict[str, object]:
        """The fields of sendPhoto beside the photo and the chat."""
        rows = [[{"text": text, "url": address}] for text, address in self.buttons]
        return {"caption": self.caption, "parse_mode": "HTML", "reply_markup": {"inline_keyboard": rows}}


def telegram_post(said: CampaignWords, address: Callable[[int], str]) -> TelegramPost:
    """`address` of a product by its id, of the whole campaign for 0. What does not fit into the caption is behind the
    last button."""
    buttons = [(_short(item.title, _LONGEST_BUTTON), address(item.product_id)) for item in said.items]
    if len(said.items) > 1:
        buttons.append((words(said.language, "See everything"), address(0)))
    for count in range(len(said.items), -1, -1):
        plain = "\n".join(_lines(said, said.items[:count], lambda text: text))
        if len(plain.encode("utf-16-le")) // 2 <= LONGEST_TELEGRAM:
            break
    marked = _lines(said, said.items[:count], lambda text: escape(text, quote=False))
    marked[0] = f"<b>{marked[0]}</b>"
    return TelegramPost("\n".join(marked), tuple(buttons))


def caption(said: CampaignWords, address: str) -> str:
    """For an app whose captions hold no links: the address is for the profile, or to be typed."""
    for count in range(len(said.items), -1, -1):
        lines = _lines(said, said.items[:count], lambda text: text)
        lines += ["", words(said.language, "Link in our profile: {address}", address=address)]
        text = "\n".join(lines)
        if len(text) <= LONGEST_CAPTION:
            break
    return text


def _lines(said: CampaignWords, items: Sequence[ItemWords], safe: Callable[[str], str]) -> list[str]:
    lines = [safe(said.warning or said.headline), ""]
    lines += [safe(said.headline), ""] if said.warning else []
    lines += [safe(f"• {item.title} – {', '.join(item.facts)}") for item in items]
    more = len(said.items) - len(items)
    if more:
        lines.append(words.plural(said.language, "and {count} more", "and {count} more", more))
    lines += ["", *([safe(said.claim)] if said.claim else []), said.dated]
    return lines


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
