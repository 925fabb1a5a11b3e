"""Sending through the Bot API. https://core.telegram.org/bots/api#available-methods"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from bot.channels.port import Outgoing, PaymentAnswer
from bot.channels.progress import Progress
from bot.channels.telegram.client import TelegramClient, load_aiogram
from bot.channels.telegram.parse import parse
from bot.graphemes import cut
from bot.intake import clean
from bot.messages import Button, Capabilities, Invoice, MediaRef, Message, ReplyDocument, ReplyPicture
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent
from commerce.errors import FetchRefused, SendRefused
from commerce.ports import MediaStore
from commerce.services.photos import SUFFIX

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.methods import TelegramMethod
    from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, ReplyKeyboardMarkup, ReplyKeyboardRemove
    from aiogram.types import Message as Sent

TEXT_LIMIT = 4096  # https://core.telegram.org/bots/api#sendmessage, UTF-16 units
CAPTION_LIMIT = 1024  # https://core.telegram.org/bots/api#sendphoto
MAX_BUTTONS, MAX_ROW = 100, 8  # https://limits.tginfo.me/en, keyboards
LABEL_LIMIT = 64
ALBUM = range(2, 11)  # https://core.telegram.org/bots/api#sendmediagroup
DOWNLOAD_LIMIT = 20 * 1024 * 1024  # https://core.telegram.org/bots/api#getfile

# https://core.telegram.org/bots/api#sendinvoice and #labeledprice; characters, but for the payload's 128 bytes
INVOICE_TITLE, INVOICE_DESCRIPTION, INVOICE_PAYLOAD_BYTES, PRICE_LABEL = 32, 255, 128, 64
WHY_NOT_LIMIT = 200  # of our reason not to let somebody pay; the apps show it in a small box

PER_SECOND = 30  # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
_LONGEST = 2 * TEXT_LIMIT
# Given, a forwarded copy of an invoice leads to the bot; left out, anybody could pay from it.
_FORWARDED = "invoice"
_REMEMBERED = 1000  # uploaded pictures kept in mind

CAPABILITIES = Capabilities(
    text_limit=TEXT_LIMIT,
    caption_limit=CAPTION_LIMIT,
    buttons_per_message=MAX_BUTTONS,
    button_label_limit=LABEL_LIMIT,
    pictures=True,
    albums=True,
    location_request=True,
    documents=True,
    counts_utf16=True,
    messages_per_s=PER_SECOND - 5,
)


T = TypeVar("T")


class TelegramChannel:
    """The shopper's bot. Texts go out as plain text, without a parse mode: nothing in them can become markup."""

    name = "telegram"

    def __init__(
        self,
        *,
        token: str,
        account: str,
        api_url: str,
        media: MediaStore,
        username: str = "",
        provider_token: str = "",
        timeout_s: float = 20.0,
    ) -> None:
        """`provider_token`: of the payment provider, from @BotFather; without it there are no invoices."""
        self.account = account
        self.capabilities = replace(CAPABILITIES, invoices=bool(provider_token))
        self._provider_token = provider_token
        self.client = TelegramClient(token, api_url, timeout_s)
        self._media = media
        self._username = username.removeprefix("@")
        self._pace = _Pace(PER_SECOND)
        self._lock = threading.Lock()
        self._progress = Progress()
        self._uploaded: OrderedDict[str, str] = OrderedDict()  # media key -> file_id
        self._keyboards: set[str] = set()  # chats that show a keyboard of ours instead of their own

    def parse(self, event: InboundEvent) -> Message | None:
        return parse(event, self._username)

    def send(self, contact: Contact, outgoing: Sequence[Outgoing]) -> str:
        load_aiogram()
        chat_id = int(contact.address) if contact.address.lstrip("-").isdecimal() else 0
        return self._progress.deliver(contact, outgoing, lambda message: self._send_one(chat_id, message))

    def answer_payment(self, answer: PaymentAnswer) -> None:
        load_aiogram()
        from aiogram.methods import AnswerPreCheckoutQuery

        why_not = cut(clean(answer.why_not), WHY_NOT_LIMIT, utf16=True) or "…"
        method = AnswerPreCheckoutQuery(
            pre_checkout_query_id=answer.query_id, ok=answer.ok, error_message=None if answer.ok else why_not
        )

        async def call(bot: Bot) -> bool:
            return await bot(method)  # no message: the pace of messages is not for it

        self.client.call(call)

    def fetch_media(self, ref: MediaRef, max_bytes: int) -> bytes:
        limit = min(max_bytes, DOWNLOAD_LIMIT)

        async def download(bot: Bot) -> bytes:
            file = await bot.get_file(ref.locator)
            if not file.file_path:
                raise FetchRefused("gone")
            if (file.file_size or 0) > limit:
                raise FetchRefused("too_large")
            data = bytearray()
            url = bot.session.api.file_url(bot.token, file.file_path)
            async for chunk in bot.session.stream_content(url, timeout=round(self.client.timeout_s)):
                data += chunk
                if len(data) > limit:
                    raise FetchRefused("too_large")
            return bytes(data)

        return self.client.fetch(ref, limit, download)

    def close(self) -> None:
        self.client.close()

    # --- one message -------------------------------------------------------------------------------------------------

    def _send_one(self, chat_id: int, message: Outgoing) -> str:
        """The ids of what was sent, '' when there was nothing to send."""
        pictures = [(picture, data) for picture in message.pictures if (data := self._bytes_of(picture))]
        if message.kind in ("picture", "album") and pictures:
            if len(pictures) >= ALBUM.start:
                return self._send_album(chat_id, message, pictures[: ALBUM.stop - 1])
            return self._send_picture(chat_id, message, *pictures[0])
        if message.document:
            return self._send_document(chat_id, message, message.document)

        if message.invoice is not None:
            return self._send_invoice(chat_id, message, message.invoice)

        from aiogram.methods import SendMessage
        from aiogram.types import LinkPreviewOptions

        asks = message.kind == "location_request"
        in_private = chat_id > 0  # only there may a button ask for the position
        rows, links = _inline_rows(message.rows if in_private or not asks else message.rows[1:])
        text = clean("\n".join([message.text, *links]), _LONGEST)
        if not text and not rows:
            return ""
        markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None
        if asks and in_private:
            markup = _location_keyboard(message.rows)
            self._keyboards.add(str(chat_id))
        else:
            markup = _inline(rows) or self._farewell(chat_id)
        method = SendMessage(
            chat_id=chat_id,
            text=cut(text or "…", TEXT_LIMIT, utf16=True),
            reply_markup=markup,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        return str(self._call(method).message_id)

    def _send_picture(self, chat_id: int, message: Outgoing, picture: ReplyPicture, data: bytes) -> str:
        from aiogram.methods import SendPhoto

        rows, links = _inline_rows(message.rows)
        caption = _caption("\n".join([message.text, *links]))
        markup = _inline(rows) or self._farewell(chat_id)
        known = self._uploaded.get(picture.media_key) if picture.media_key else None
        if known:
            try:
                sent = self._call(SendPhoto(chat_id=chat_id, photo=known, caption=caption, reply_markup=markup))
                return str(sent.message_id)
            except SendRefused as error:
                if "file" not in error.reason:  # "wrong file identifier", "file reference expired": send it anew
                    raise
        photo = _upload(data, picture)
        sent = self._call(SendPhoto(chat_id=chat_id, photo=photo, caption=caption, reply_markup=markup))
        self._remember(picture, sent)
        return str(sent.message_id)

    def _send_document(self, chat_id: int, message: Outgoing, document: ReplyDocument) -> str:
        """https://core.telegram.org/bots/api#senddocument: up to 50 MB, which no text of ours comes near."""
        from aiogram.methods import SendDocument
        from aiogram.types import BufferedInputFile

        rows, links = _inline_rows(message.rows)
        method = SendDocument(
            chat_id=chat_id,
            document=BufferedInputFile(document.text.encode(), filename=document.name),
            caption=_caption("\n".join([message.text, *links])),
            reply_markup=_inline(rows) or self._farewell(chat_id),
        )
        return str(self._call(method).message_id)

    def _send_album(self, chat_id: int, message: Outgoing, pictures: Sequence[tuple[ReplyPicture, bytes]]) -> str:
        from aiogram.methods import SendMediaGroup
        from aiogram.types import InputMediaPhoto

        caption = _caption(message.text)
        media = [
            InputMediaPhoto(media=_upload(data, picture), caption=caption if index == 0 else None)
            for index, (picture, data) in enumerate(pictures)
        ]
        method = SendMediaGroup(chat_id=chat_id, media=list(media))
        return ",".join(str(sent.message_id) for sent in self._call(method))

    def _send_invoice(self, chat_id: int, message: Outgoing, invoice: Invoice) -> str:
        from aiogram.methods import SendInvoice
        from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, LabeledPrice

        if len(invoice.reference.encode()) > INVOICE_PAYLOAD_BYTES:
            raise SendRefused("the reference is too long")
        pay = InlineKeyboardButton(text=cut(clean(invoice.pay_label), LABEL_LIMIT, utf16=True) or "💳", pay=True)
        others = _inline(_inline_rows(message.rows)[0])
        method = SendInvoice(
            chat_id=chat_id,
            title=cut(clean(invoice.title), INVOICE_TITLE, utf16=True) or "…",
            description=cut(clean(invoice.description), INVOICE_DESCRIPTION, utf16=True) or "…",
            payload=invoice.reference,
            provider_token=self._provider_token,
            currency=invoice.currency,
            prices=[
                LabeledPrice(label=cut(clean(item.label), PRICE_LABEL, utf16=True) or "…", amount=item.amount_minor)
                for item in invoice.items
            ],
            start_parameter=_FORWARDED,
            reply_markup=InlineKeyboardMarkup(inline_keyboard=[[pay], *(others.inline_keyboard if others else ())]),
        )
        return str(self._call(method).message_id)

    def _call(self, method: TelegramMethod[T]) -> T:
        async def call(bot: Bot) -> T:
            await self._pace.turn()
            return await bot(method)

        return self.client.call(call)

    def _farewell(self, chat_id: int) -> ReplyKeyboardRemove | None:
        """Takes our keyboard away from a chat that still has one: the place was sent, or is no longer asked for."""
        if str(chat_id) not in self._keyboards:
            return None
        from aiogram.types import ReplyKeyboardRemove

        self._keyboards.discard(str(chat_id))
        return ReplyKeyboardRemove(remove_keyboard=True)

    def _bytes_of(self, picture: ReplyPicture) -> bytes | None:
        return picture.png or (self._media.get(picture.media_key) if picture.media_key else None)

    def _remember(self, picture: ReplyPicture, sent: Sent) -> None:
        if picture.media_key and sent.photo:
            with self._lock:
                self._uploaded[picture.media_key] = sent.photo[-1].file_id
                while len(self._uploaded) > _REMEMBERED:
                    self._uploaded.popitem(last=False)


def _caption(text: str) -> str | None:
    return cut(clean(text, _LONGEST), CAPTION_LIMIT, utf16=True) or None


def _upload(data: bytes, picture: ReplyPicture) -> BufferedInputFile:
    from aiogram.types import BufferedInputFile

    name = "picture.png" if picture.png else picture.media_key
    return BufferedInputFile(data, filename=name.removesuffix(SUFFIX) + (".jpg" if name.endswith(SUFFIX) else ""))


def _inline_rows(rows: Sequence[Sequence[Button]]) -> tuple[list[list[Button]], list[str]]:
    """The buttons as Telegram takes them, and as lines of text the links that it refuses on buttons (a host without a
    dot, such as localhost)."""
    kept: list[list[Button]] = []
    links: list[str] = []
    left = MAX_BUTTONS
    for row in rows:
        fitting: list[Button] = []
        for button in row:
            label = cut(clean(button.label), LABEL_LIMIT, utf16=True)
            if button.url and not _is_public_link(button.url):
                links.append(f"{label}: {button.url}")
            elif label and left > 0:
                fitting.append(Button(label, button.action, button.url))
                left -= 1
        kept += [fitting[start : start + MAX_ROW] for start in range(0, len(fitting), MAX_ROW)]
    return kept, links


def _is_public_link(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "tg") and "." in (parts.hostname or ("." if parts.scheme == "tg" else ""))


def _inline(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=b.label, url=b.url or None, callback_data=b.action or None) for b in row]
            for row in rows
        ]
    )


def _location_keyboard(rows: Sequence[Sequence[Button]]) -> ReplyKeyboardMarkup:
    """The first button shares the position; the others send their label as a text, which the conversation knows."""
    from aiogram.types import KeyboardButton, ReplyKeyboardMarkup

    labels = [[cut(clean(button.label), LABEL_LIMIT, utf16=True) or "…" for button in row] for row in rows] or [["📍"]]
    keyboard = [
        [KeyboardButton(text=label, request_location=True if (y, x) == (0, 0) else None) for x, label in enumerate(row)]
        for y, row in enumerate(labels)
    ]
    return ReplyKeyboardMarkup(keyboard=keyboard, resize_keyboard=True, one_time_keyboard=True)


class _Pace:
    """At most so many calls a second over the whole bot; short bursts pass at once. Lives in the event loop."""

    def __init__(self, per_second: int) -> None:
        self._per_second = self._tokens = float(per_second)
        self._at = time.monotonic()

    async def turn(self) -> None:
        now = time.monotonic()
        self._tokens = min(self._per_second, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        self._tokens -= 1
        if self._tokens < 0:
            await asyncio.sleep(-self._tokens / self._per_second)
