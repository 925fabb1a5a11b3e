"""What the Bot API refuses, and in which words. Limits as the descriptions of https://core.telegram.org/bots/api give.

The tables name every field of the methods that the stand-in serves (Bot API 10.1) and of the objects they take.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

TEXT_LIMIT, CAPTION_LIMIT, ANSWER_LIMIT = 4096, 1024, 200
CALLBACK_BYTES = 64
MAX_BUTTONS, MAX_ROW = 100, 8
ALBUM = range(2, 11)
UPLOAD_LIMIT = 10 * 1024 * 1024  # photos; https://core.telegram.org/bots/api#sending-files
DOWNLOAD_LIMIT = 20 * 1024 * 1024  # https://core.telegram.org/bots/api#getfile
PHOTO_SIDES_PX, PHOTO_RATIO = 10_000, 20  # width + height at most; https://core.telegram.org/bots/api#sendphoto

_DELIVERY = (
    "business_connection_id", "message_thread_id", "direct_messages_topic_id", "disable_notification",
    "protect_content", "allow_paid_broadcast", "message_effect_id", "suggested_post_parameters", "reply_parameters",
    "reply_markup",
)  # fmt: skip
_FORMAT = ("parse_mode", "entities", "link_preview_options")
_CAPTION = ("caption", "parse_mode", "caption_entities", "show_caption_above_media", "has_spoiler")
_EDIT = ("business_connection_id", "chat_id", "message_id", "inline_message_id")

# method -> (required fields, other fields)
METHODS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "getMe": ((), ()),
    "logOut": ((), ()),
    "close": ((), ()),
    "getUpdates": ((), ("offset", "limit", "timeout", "allowed_updates")),
    "setWebhook": (
        ("url",),
        ("certificate", "ip_address", "max_connections", "allowed_updates", "drop_pending_updates", "secret_token"),
    ),
    "deleteWebhook": ((), ("drop_pending_updates",)),
    "getWebhookInfo": ((), ()),
    "sendMessage": (("chat_id", "text"), (*_DELIVERY, *_FORMAT)),
    "sendPhoto": (("chat_id", "photo"), (*_DELIVERY, *_CAPTION)),
    "sendDocument": (
        ("chat_id", "document"),
        (*_DELIVERY, "thumbnail", "caption", "parse_mode", "caption_entities", "disable_content_type_detection"),
    ),
    "sendMediaGroup": (
        ("chat_id", "media"),
        (
            "business_connection_id", "message_thread_id", "direct_messages_topic_id", "disable_notification",
            "protect_content", "allow_paid_broadcast", "message_effect_id", "reply_parameters",
        ),
    ),
    "sendLocation": (
        ("chat_id", "latitude", "longitude"),
        ("horizontal_accuracy", "live_period", "heading", "proximity_alert_radius", *_DELIVERY),
    ),
    "sendInvoice": (
        ("chat_id", "title", "description", "payload", "currency", "prices"),
        (
            "message_thread_id", "direct_messages_topic_id", "provider_token", "max_tip_amount",
            "suggested_tip_amounts", "start_parameter", "provider_data", "photo_url", "photo_size", "photo_width",
            "photo_height", "need_name", "need_phone_number", "need_email", "need_shipping_address",
            "send_phone_number_to_provider", "send_email_to_provider", "is_flexible", "disable_notification",
            "protect_content", "allow_paid_broadcast", "message_effect_id", "suggested_post_parameters",
            "reply_parameters", "reply_markup",
        ),
    ),
    "answerPreCheckoutQuery": (("pre_checkout_query_id", "ok"), ("error_message",)),
    "sendChatAction": (("chat_id", "action"), ("business_connection_id", "message_thread_id")),
    "editMessageText": ((), (*_EDIT, "text", "rich_message", *_FORMAT, "reply_markup")),
    "editMessageCaption": (
        (),
        (*_EDIT, "caption", "parse_mode", "caption_entities", "show_caption_above_media", "reply_markup"),
    ),
    "editMessageReplyMarkup": ((), (*_EDIT, "reply_markup")),
    "deleteMessage": (("chat_id", "message_id"), ()),
    "answerCallbackQuery": (("callback_query_id",), ("text", "show_alert", "url", "cache_time")),
    "getFile": (("file_id",), ()),
    "createForumTopic": (("chat_id", "name"), ("icon_color", "icon_custom_emoji_id")),
    "closeForumTopic": (("chat_id", "message_thread_id"), ()),
    "reopenForumTopic": (("chat_id", "message_thread_id"), ()),
    "getChatMember": (("chat_id", "user_id"), ()),
    "setMyCommands": (("commands",), ("scope", "language_code")),
}  # fmt: skip

# object -> (required fields, other fields)
OBJECTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "InlineKeyboardMarkup": (("inline_keyboard",), ()),
    "InlineKeyboardButton": (
        ("text",),
        (
            "icon_custom_emoji_id", "style", "url", "callback_data", "web_app", "login_url", "switch_inline_query",
            "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
        ),
    ),
    "ReplyKeyboardMarkup": (
        ("keyboard",),
        ("is_persistent", "resize_keyboard", "one_time_keyboard", "input_field_placeholder", "selective"),
    ),
    "KeyboardButton": (
        ("text",),
        (
            "icon_custom_emoji_id", "style", "request_users", "request_chat", "request_managed_bot", "request_contact",
            "request_location", "request_poll", "web_app",
        ),
    ),
    "ReplyKeyboardRemove": (("remove_keyboard",), ("selective",)),
    "ForceReply": (("force_reply",), ("input_field_placeholder", "selective")),
    "InputMediaPhoto": (
        ("type", "media"),
        ("caption", "parse_mode", "caption_entities", "show_caption_above_media", "has_spoiler"),
    ),
    "LabeledPrice": (("label", "amount"), ()),
    "LinkPreviewOptions": ((), ("is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text")),
    "ReplyParameters": (
        ("message_id",),
        (
            "chat_id", "allow_sending_without_reply", "quote", "quote_parse_mode", "quote_entities", "quote_position",
            "checklist_task_id", "poll_option_id",
        ),
    ),
    "MessageEntity": (
        ("type", "offset", "length"),
        ("url", "user", "language", "custom_emoji_id", "unix_time", "date_time_format"),
    ),
}  # fmt: skip

INTEGERS = frozenset([
    "chat_id", "message_id", "offset", "limit", "timeout", "max_connections", "message_thread_id", "live_period",
    "heading", "cache_time", "user_id",
])  # fmt: skip
FLOATS = frozenset({"latitude", "longitude", "horizontal_accuracy"})
BOOLEANS = frozenset([
    "drop_pending_updates", "disable_notification", "protect_content", "allow_paid_broadcast",
    "show_caption_above_media", "has_spoiler", "show_alert", "ok",
])  # fmt: skip
STRUCTURES = frozenset([
    "allowed_updates", "reply_parameters", "reply_markup", "entities", "caption_entities", "link_preview_options",
    "media", "prices", "commands", "scope", "suggested_post_parameters", "rich_message",
])  # fmt: skip
_HTML_TAGS = frozenset([
    "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a", "tg-emoji", "code", "pre",
    "blockquote", "tg-time",
])  # fmt: skip


class Refused(Exception):
    """An answer with ok=false."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad(reason: str) -> Refused:
    return Refused(400, f"Bad Request: {reason}")


def arguments(method: str, raw: dict[str, Any]) -> dict[str, Any]:
    """The call's fields with their types. Raises Refused for a method, field or type that does not exist.

    The real API ignores fields that it does not know; the stand-in refuses them, for they are mistakes of ours.
    """
    found = next((name for name in METHODS if name.lower() == method.lower()), None)
    if found is None:
        raise Refused(404, "Not Found: method not found")
    required, others = METHODS[found]
    unknown = set(raw) - set(required) - set(others)
    if unknown:
        raise bad(f"stand-in: {found} has no field {sorted(unknown)[0]!r}")
    parsed = {name: _typed(name, value) for name, value in raw.items()}
    for name in required:
        if parsed.get(name) in (None, "") and not (found == "setWebhook" and name == "url"):
            raise bad("message text is empty" if name == "text" else f"parameter {name!r} is required")
    return parsed


def _typed(name: str, value: Any) -> Any:
    try:
        if name in INTEGERS and isinstance(value, str) and not value.startswith("@"):
            return int(value)
        if name in FLOATS and isinstance(value, str):
            return float(value)
        if name in BOOLEANS and isinstance(value, str):
            return value.lower() in ("true", "1", "yes")
        if name in STRUCTURES and isinstance(value, str):
            return json.loads(value)
    except ValueError:
        raise bad(f"can't parse {name}") from None
    return value


def known_object(kind: str, value: object) -> dict[str, Any]:
    """`value` as an object of that kind. Raises Refused for missing or unknown fields."""
    if not isinstance(value, dict):
        raise bad(f"object expected as {kind}")
    required, others = OBJECTS[kind]
    for name in required:
        if name not in value:
            raise bad(f"can't find field {name!r}")
    unknown = {name for name, inner in value.items() if inner is not None} - set(required) - set(others)
    if unknown:
        raise bad(f"stand-in: {kind} has no field {sorted(unknown)[0]!r}")
    return value


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain_text(text: object, parse_mode: object, entities: object, *, caption: bool) -> str:
    """The text as people will see it. Raises Refused when it is empty, too long or has broken markup."""
    if not isinstance(text, str):
        raise bad("text must be a string")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise bad("strings must be encoded in UTF-8")
    if parse_mode:
        if str(parse_mode).lower() != "html":
            raise bad("unsupported parse_mode" if "markdown" not in str(parse_mode).lower() else "stand-in: HTML only")
        text = _Html().plain(text)
    if entities is not None:
        if not isinstance(entities, list):
            raise bad("can't parse entities: expected an Array")
        for entity in entities:
            known_object("MessageEntity", entity)
    # Telegram shows control characters as spaces and drops direction overrides.
    text = re.sub(r"[\x00-\x09\x0b-\x1f]", " ", text)
    text = re.sub("[\u202a-\u202e]", "", text).strip()
    if not text and not caption:
        raise bad("message text is empty")
    if utf16(text) > (CAPTION_LIMIT if caption else TEXT_LIMIT):
        raise bad("message caption is too long" if caption else "message is too long")
    return text


class _Html(HTMLParser):
    """https://core.telegram.org/bots/api#html-style"""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._text: list[str] = []

    def plain(self, text: str) -> str:
        if re.search(r"<(?![a-zA-Z/])", text):
            raise bad('can\'t parse entities: Unsupported start tag "" at byte offset 0')
        self.feed(text)
        self.close()
        if self._open:
            raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{self._open[-1]}\"")
        return "".join(self._text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _HTML_TAGS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {self.getpos()[1]}')
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open:
            raise bad(f"can't parse entities: Unexpected end tag at byte offset {self.getpos()[1]}")
        if self._open.pop() != tag:
            raise bad(f'can\'t parse entities: Unmatched end tag at byte offset {self.getpos()[1]}, found "</{tag}>"')

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_comment(self, data: str) -> None:
        raise bad('can\'t parse entities: Unsupported start tag "!--" at byte offset 0')


def markup(value: object, *, private: bool, inline_only: bool = False) -> dict[str, Any] | None:
    """A checked keyboard, or None."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" in value:
        known_object("InlineKeyboardMarkup", value)
        _rows(value["inline_keyboard"], _inline_button)
    elif inline_only:
        raise bad("inline keyboard expected")
    elif "keyboard" in value:
        known_object("ReplyKeyboardMarkup", value)
        _rows(value["keyboard"], lambda button: _key(button, private=private))
        if not value["keyboard"]:
            raise bad("reply keyboard must be non-empty")
    elif "remove_keyboard" in value:
        known_object("ReplyKeyboardRemove", value)
    elif "force_reply" in value:
        known_object("ForceReply", value)
    else:
        raise bad("object expected as reply markup")
    return value


def _rows(rows: object, check: Any) -> None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad("can't parse inline keyboard: field must be an Array of Arrays")
    if sum(map(len, rows)) > MAX_BUTTONS or any(len(row) > MAX_ROW for row in rows):
        raise bad("reply markup is too long")
    for row in rows:
        for button in row:
            check(button)


def _inline_button(value: object) -> None:
    button = known_object("InlineKeyboardButton", value)
    if not isinstance(button["text"], str) or not button["text"].strip():
        raise bad("inline keyboard button text must be non-empty")
    decoration = {"text", "icon_custom_emoji_id", "style"}
    uses = [name for name, inner in button.items() if inner is not None and name not in decoration]
    if len(uses) != 1:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in uses:
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode("utf-8", "surrogatepass")) <= CALLBACK_BYTES:
            raise bad("BUTTON_DATA_INVALID")
    if "url" in uses:
        url = str(button["url"])
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", "tg") or (parts.scheme != "tg" and "." not in (parts.hostname or "")):
            raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _key(value: object, *, private: bool) -> None:
    if isinstance(value, str):
        value = {"text": value}
    button = known_object("KeyboardButton", value)
    if not isinstance(button["text"], str) or not button["text"].strip():
        raise bad("keyboard button text must be non-empty")
    if button.get("request_location") and not private:
        raise bad("location can be requested in private chats only")


def photo_size(data: bytes) -> tuple[int, int]:
    """Width and height of an uploaded photo. Raises Refused for anything that Telegram takes for no photo."""
    import io

    from PIL import Image

    if len(data) > UPLOAD_LIMIT:
        raise bad("file is too big")
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "GIF")) as image:
            width, height = image.size
    except Exception:
        raise bad("IMAGE_PROCESS_FAILED") from None
    if width + height > PHOTO_SIDES_PX or max(width, height) > PHOTO_RATIO * min(width, height):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    return width, height
