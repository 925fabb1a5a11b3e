"""The shopper's side: somebody with a telephone, who writes, taps what is on the screen, and reads."""

from __future__ import annotations

import io
from typing import Any, Protocol

from vitrine.standins.telegram.checks import Refused, bad
from vitrine.standins.telegram.invoices import Payment
from vitrine.standins.telegram.screen import NoSuchButton, Screen, Shown, is_label

PHOTO_SIDES_PX = (90, 320, 800, 1280)  # Telegram keeps about these sizes of a photo


class Network(Protocol):
    """What a telephone needs of Telegram."""

    keyboards: dict[int, list[list[dict[str, Any]]]]

    @property
    def bot_user(self) -> dict[str, Any]: ...
    def receive(self, content: dict[str, Any]) -> int: ...
    def keep_file(self, data: bytes, folder: str, name: str) -> dict[str, Any]: ...
    def keep_photo(self, data: bytes, width: int, height: int) -> dict[str, Any]: ...
    def next_message_id(self) -> int: ...
    def next_query_id(self) -> str: ...
    def now_s(self) -> int: ...
    def pay(self, person: Person, message: dict[str, Any]) -> Payment: ...


class Person(Screen):
    """Made by `TelegramStandIn.person`. Taps by label, as people do; callback data stays between bot and Telegram."""

    def __init__(self, standin: Network, person_id: int, name: str, language: str) -> None:
        super().__init__()
        self._standin = standin
        self.id, self.name, self.language = person_id, name, language
        self.started = False
        self.blocked = False

    # --- writing

    def start(self, parameter: str = "") -> None:
        self._write_text(f"/start {parameter}".strip())

    def say(self, text: str, *, reply_to: int = 0) -> None:
        """`reply_to`: a message of the bot that it answers."""
        self._write_text(text, reply_to)

    def photo(self, data: bytes, caption: str = "") -> None:
        """Sends a picture as Telegram's apps do: as JPEG in several sizes."""
        sizes = [self._standin.keep_photo(file, width, height) for file, width, height in jpeg_sizes(data)]
        self._write({"photo": sizes, **({"caption": caption} if caption else {})})

    def document(self, data: bytes, mime: str, name: str = "file") -> None:
        """Sends a file untouched."""
        file = self._standin.keep_file(data, "documents", name)
        self._write({"document": {**file, "file_name": name, "mime_type": mime}})

    def share_location(self, latitude: float, longitude: float) -> None:
        self._write({"location": {"latitude": latitude, "longitude": longitude}})

    def voice(self, seconds: int = 2) -> None:
        file = self._standin.keep_file(b"OggS" + bytes(64), "voice", "voice.oga")
        self._write({"voice": {**file, "duration": seconds, "mime_type": "audio/ogg"}})

    def sticker(self, emoji: str = "👍") -> None:
        file = self._standin.keep_file(b"RIFF" + bytes(64), "stickers", "sticker.webp")
        kind = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        self._write({"sticker": {**file, **kind, "emoji": emoji}})

    def forward_photo(self, data: bytes, caption: str, channel_title: str) -> None:
        """Forwards a post of a channel."""
        sizes = [self._standin.keep_photo(file, width, height) for file, width, height in jpeg_sizes(data)]
        channel = {"id": -1001234567890, "title": channel_title, "type": "channel"}
        origin = {"type": "channel", "date": self._standin.now_s() - 3600, "chat": channel, "message_id": 77}
        self._write({"photo": sizes, "caption": caption, "forward_origin": origin})

    def tap(self, label: str) -> str:
        """Taps the newest button with that label; '' or, for a link, its address."""
        for shown in reversed(self._screen):
            button = shown.button(label)
            if button is not None and "url" in button:
                return str(button["url"])
            if button is not None:
                if button.get("pay"):
                    self._standin.pay(self, shown.raw)
                else:
                    self._standin.receive(self._tapped(shown, button["callback_data"]))
                return ""
        for row in self._standin.keyboards.get(self.id, ()):
            for key in row:
                if is_label(key["text"], label):
                    if key.get("request_location"):
                        raise NoSuchButton(f"{label!r} shares the position: use share_location")
                    self._write_text(key["text"])
                    return ""
        raise NoSuchButton(f"no button {label!r} on the screen; there are {self.buttons}")

    def pay(self) -> Payment:
        """Pays the newest invoice on the screen. What the bot answers is in the payment as soon as it has."""
        newest = next((shown for shown in reversed(self._screen) if "invoice" in shown.raw), None)
        if newest is None:
            raise NoSuchButton("no invoice on the screen")
        return self._standin.pay(self, newest.raw)

    def block(self) -> None:
        """The bot hears of it."""
        self.blocked = True
        ours = {"user": self._standin.bot_user}
        before, now = {"status": "member", **ours}, {"status": "kicked", "until_date": 0, **ours}
        change = {"chat": self.chat, "from": self.user, "date": self._standin.now_s()}
        self._standin.receive({"my_chat_member": {**change, "old_chat_member": before, "new_chat_member": now}})

    # --- reading

    @property
    def buttons(self) -> list[str]:
        """Their own keyboard, then the labels on the screen, newest message first."""
        keys = [str(key["text"]) for row in self._standin.keyboards.get(self.id, ()) for key in row]
        return list(dict.fromkeys([*keys, *super().buttons]))

    # --- for the stand-in

    def check_reachable(self) -> None:
        if self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if not self.started:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")

    def thread_for(self, topic: object) -> dict[str, Any]:
        """Topics are for forums."""
        if topic is not None:
            raise bad("message thread not found")
        return {}

    # --- as Telegram describes them

    @property
    def user(self) -> dict[str, Any]:
        return {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": self.language}

    @property
    def chat(self) -> dict[str, Any]:
        return {"id": self.id, "first_name": self.name, "type": "private"}

    def _write_text(self, text: str, reply_to: int = 0) -> None:
        content: dict[str, Any] = {"text": text}
        if text.startswith("/"):
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        answered = next((shown.raw for shown in self._screen if reply_to and shown.message_id == reply_to), None)
        if answered is not None:
            content["reply_to_message"] = {k: v for k, v in answered.items() if k != "reply_to_message"}
        self._write(content)

    def _write(self, content: dict[str, Any]) -> None:
        self.started = True
        self.blocked = False
        message = {"message_id": self._standin.next_message_id(), "from": self.user, "chat": self.chat}
        message |= {"date": self._standin.now_s()}
        self._standin.receive({"message": {**message, **content}})

    def _tapped(self, shown: Shown, data: str) -> dict[str, Any]:
        query = {"id": self._standin.next_query_id(), "from": self.user, "message": shown.raw}
        return {"callback_query": {**query, "chat_instance": f"{self.id * 7919}", "data": data}}


def jpeg_sizes(data: bytes) -> list[tuple[bytes, int, int]]:
    """The picture as JPEG in Telegram's sizes, smallest first; never enlarged."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data)) as original:
        upright = ImageOps.exif_transpose(original).convert("RGB")
    sizes: list[tuple[bytes, int, int]] = []
    for side in PHOTO_SIDES_PX:
        copy = upright.copy()
        copy.thumbnail((side, side))
        buffer = io.BytesIO()
        copy.save(buffer, "JPEG", quality=87)
        if sizes and copy.size == sizes[-1][1:]:
            break
        sizes.append((buffer.getvalue(), *copy.size))
    return sizes
