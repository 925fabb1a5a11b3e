"""Sending to the people in the store through the Bot API. https://core.telegram.org/bots/api#available-methods"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.channels.port import Outgoing, PaymentAnswer
from bot.channels.progress import Progress
from bot.channels.telegram_staff.client import StaffTelegramClient, load_library
from bot.channels.telegram_staff.parse import CHANNEL, parse
from bot.graphemes import cut
from bot.intake import clean
from bot.messages import Button, Capabilities, MediaRef, Message
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent
from commerce.errors import FetchRefused, RetryLater, SendRefused, SendUnknown
from commerce.ports import MediaStore

if TYPE_CHECKING:
    from telegram import Bot, InlineKeyboardMarkup
    from telegram import Message as Sent

TEXT_LIMIT, CAPTION_LIMIT, LABEL_LIMIT, MAX_BUTTONS, MAX_ROW = 4096, 1024, 64, 100, 8
TOPIC_NAME_LIMIT = 128  # https://core.telegram.org/bots/api#createforumtopic
ANSWER_LIMIT = 200  # https://core.telegram.org/bots/api#answercallbackquery
DOWNLOAD_LIMIT = 20 * 1024 * 1024  # https://core.telegram.org/bots/api#getfile
_LONGEST = 2 * TEXT_LIMIT

Rows = Sequence[Sequence[Button]]

CAPABILITIES = Capabilities(
    text_limit=TEXT_LIMIT,
    caption_limit=CAPTION_LIMIT,
    buttons_per_message=MAX_BUTTONS,
    button_label_limit=LABEL_LIMIT,
    pictures=True,
    counts_utf16=True,
    messages_per_s=25,
)


class StaffTelegram:
    """The staff's bot: a Channel, and what a chat between people at work needs beyond it: topics, answers to a message,
    messages that change. Plain text, without a parse mode: nothing in it can become markup."""

    name = CHANNEL
    capabilities = CAPABILITIES

    def __init__(self, *, token: str, account: str, api_url: str, media: MediaStore, timeout_s: float = 20.0) -> None:
        self.account = account
        self.client = StaffTelegramClient(token, api_url, timeout_s)
        self._media = media
        self._progress = Progress()

    # --- as every channel does

    def parse(self, event: InboundEvent) -> Message | None:
        return parse(event)

    def send(self, contact: Contact, outgoing: Sequence[Outgoing]) -> str:
        def one(message: Outgoing) -> str:
            picture = message.pictures[0] if message.pictures else None
            data = (picture.png or self._media.get(picture.media_key)) if picture else None
            text = clean(message.text, _LONGEST)
            return self.post(contact, text, message.rows, picture=data or b"") if text or data or message.rows else ""

        return self._progress.deliver(contact, outgoing, one)

    def answer_payment(self, answer: PaymentAnswer) -> None:
        raise SendRefused("nobody pays at the staff's bot")

    def fetch_media(self, ref: MediaRef, max_bytes: int) -> bytes:
        limit = min(max_bytes, DOWNLOAD_LIMIT)

        async def download(bot: Bot) -> bytes:
            file = await bot.get_file(ref.locator)
            if not file.file_path:
                raise FetchRefused("gone")
            if file.file_size is None or file.file_size > limit:  # the library reads the whole file at once
                raise FetchRefused("too_large")
            return bytes(await file.download_as_bytearray())

        return self.client.fetch(ref, limit, download)

    def close(self) -> None:
        self.client.close()

    # --- for people at work; each raises like `send`

    def post(
        self,
        chat: Contact,
        text: str,
        rows: Rows = (),
        *,
        picture: bytes = b"",
        topic_id: str = "",
        reply_to: str = "",
        silent: bool = False,
        asks: bool = False,
    ) -> str:
        """Sends one message and returns its id. `reply_to`: a message that it answers, should that still be there.
        `asks`: the reader's app opens an answer to it."""
        load_library()
        from telegram import ForceReply, LinkPreviewOptions, ReplyParameters

        inline, links = _inline(rows)
        words = "\n".join(filter(None, [clean(text, _LONGEST), *links]))
        in_group = chat.address.startswith("-")
        markup = ForceReply(selective=in_group) if asks else inline
        answers = ReplyParameters(int(reply_to), allow_sending_without_reply=True) if reply_to else None
        thread = int(topic_id) if topic_id else None

        async def call(bot: Bot) -> Sent:
            if picture:
                return await bot.send_photo(
                    _id(chat),
                    picture,
                    caption=cut(words, CAPTION_LIMIT, utf16=True) or None,
                    filename="picture.jpg",
                    reply_markup=markup,
                    message_thread_id=thread,
                    reply_parameters=answers,
                    disable_notification=silent or None,
                )
            return await bot.send_message(
                _id(chat),
                cut(words or "…", TEXT_LIMIT, utf16=True),
                reply_markup=markup,
                message_thread_id=thread,
                reply_parameters=answers,
                disable_notification=silent or None,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )

        return str(self.client.call(call).message_id)

    def edit(self, chat: Contact, message_id: str, text: str, rows: Rows = (), *, caption: bool = False) -> bool:
        """Gives a message of ours other words and buttons; `caption`: those under a picture. False when it cannot be
        edited any more."""
        load_library()
        inline, links = _inline(rows)
        words = "\n".join(filter(None, [clean(text, _LONGEST), *links]))

        async def call(bot: Bot) -> object:
            if caption:
                shown = cut(words, CAPTION_LIMIT, utf16=True)
                return await bot.edit_message_caption(_id(chat), int(message_id), caption=shown, reply_markup=inline)
            shown = cut(words or "…", TEXT_LIMIT, utf16=True)
            return await bot.edit_message_text(shown, _id(chat), int(message_id), reply_markup=inline)

        try:
            self.client.call(call)
        except SendRefused as error:
            if "not modified" in error.reason:
                return True
            if "to edit not found" in error.reason or "can't be edited" in error.reason:
                return False
            if not caption and "no text in the message" in error.reason:
                return self.edit(chat, message_id, text, rows, caption=True)
            raise
        return True

    def create_topic(self, chat: Contact, name: str) -> str:
        """Opens a topic in a forum and returns its id. Refused without the right to manage topics."""
        load_library()
        shown = cut(clean(name, _LONGEST), TOPIC_NAME_LIMIT, utf16=True) or "…"

        async def call(bot: Bot) -> int:
            return (await bot.create_forum_topic(_id(chat), shown)).message_thread_id

        return str(self.client.call(call))

    def close_topic(self, chat: Contact, topic_id: str) -> None:
        async def call(bot: Bot) -> bool:
            return await bot.close_forum_topic(_id(chat), int(topic_id))

        self._unless_done(call)

    def reopen_topic(self, chat: Contact, topic_id: str) -> None:
        async def call(bot: Bot) -> bool:
            return await bot.reopen_forum_topic(_id(chat), int(topic_id))

        self._unless_done(call)

    def may_manage_topics(self, chat: Contact) -> bool:
        """Whether the bot has the right to; False too where it cannot find out."""
        load_library()
        from telegram import ChatMemberAdministrator

        async def call(bot: Bot) -> bool:
            ourselves = await bot.get_chat_member(_id(chat), int(self.account))
            return isinstance(ourselves, ChatMemberAdministrator) and bool(ourselves.can_manage_topics)

        try:
            return self.client.call(call)
        except (RetryLater, SendRefused, SendUnknown):
            return False

    def _unless_done(self, call: Callable[[Bot], Awaitable[bool]]) -> None:
        """Closing a closed topic is refused, and is what was wanted."""
        try:
            self.client.call(call)
        except SendRefused as error:
            if "not modified" not in error.reason.lower().replace("_", " "):
                raise


def _id(chat: Contact) -> int:
    address = chat.plain.address
    return int(address) if address.lstrip("-").isdecimal() else 0


def _inline(rows: Rows) -> tuple[InlineKeyboardMarkup | None, list[str]]:
    """The buttons as Telegram takes them, and as lines of text the links that it refuses on buttons (a host without a
    dot, such as localhost)."""
    load_library()
    from telegram import InlineKeyboardButton, InlineKeyboardMarkup

    keyboard: list[list[InlineKeyboardButton]] = []
    links: list[str] = []
    left = MAX_BUTTONS
    for row in rows:
        fitting: list[InlineKeyboardButton] = []
        for button in row[:MAX_ROW]:
            label = cut(clean(button.label), LABEL_LIMIT, utf16=True)
            if button.url and "." not in (urlsplit(button.url).hostname or ""):
                links.append(f"{label}: {button.url}")
            elif label and left > 0:
                action, url = button.action or None, button.url or None
                fitting.append(InlineKeyboardButton(label, callback_data=action, url=url))
                left -= 1
        if fitting:
            keyboard.append(fitting)
    return (InlineKeyboardMarkup(keyboard) if keyboard else None), links
