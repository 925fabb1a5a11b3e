"""What each method of the Bot API does. One function a method: checked arguments in, the `result` out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from vitrine.standins.telegram import checks, groups
from vitrine.standins.telegram.checks import Refused, bad
from vitrine.standins.telegram.groups import Group
from vitrine.standins.telegram.invoices import checked_invoice
from vitrine.standins.telegram.people import Person
from vitrine.standins.telegram.screen import Shown
from vitrine.standins.telegram.state import BotState, Call

Arguments = dict[str, Any]
Uploads = Mapping[str, bytes]
Chat: TypeAlias = Person | Group
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/")
_ACTIONS = frozenset([
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
])  # fmt: skip


def get_me(api: BotState, args: Arguments, uploads: Uploads) -> object:
    return {
        **api.bot_user,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_webhook(api: BotState, args: Arguments, uploads: Uploads) -> object:
    url, secret = args.get("url") or "", args.get("secret_token") or ""
    # The real one takes https alone; on this machine a stand-in has no certificate to ask for.
    if url and not url.startswith("https://") and not _LOOPBACK.match(url):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not _SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    connections = args.get("max_connections", 40)
    if not 1 <= connections <= 100:
        raise bad("max_connections must be between 1 and 100")
    api.set_webhook(url, secret, args.get("allowed_updates"), connections, drop=bool(args.get("drop_pending_updates")))
    return True


def delete_webhook(api: BotState, args: Arguments, uploads: Uploads) -> object:
    api.set_webhook("", "", None, 40, drop=bool(args.get("drop_pending_updates")))
    return True


def get_webhook_info(api: BotState, args: Arguments, uploads: Uploads) -> object:
    return api.webhook_info()


def get_updates(api: BotState, args: Arguments, uploads: Uploads) -> object:
    limit = args.get("limit", 100)
    timeout_s = min(args.get("timeout", 0), 50)
    return api.updates_from(args.get("offset", 0), limit if 1 <= limit <= 100 else 100, timeout_s, args)


def send_message(api: BotState, args: Arguments, uploads: Uploads) -> object:
    chat = _chat(api, args)
    text = checks.plain_text(args["text"], args.get("parse_mode"), args.get("entities"), caption=False)
    if args.get("link_preview_options") is not None:
        checks.known_object("LinkPreviewOptions", args["link_preview_options"])
    return _appear(api, chat, {"text": text}, args)


def send_photo(api: BotState, args: Arguments, uploads: Uploads) -> object:
    chat = _chat(api, args)
    content = _photo(api, args["photo"], uploads) | _captioned(args)
    return _appear(api, chat, content, args)


def send_document(api: BotState, args: Arguments, uploads: Uploads) -> object:
    chat = _chat(api, args)
    value = args["document"]
    data = uploads.get(value.removeprefix("attach://")) if isinstance(value, str) else None
    if not data:  # the real one refuses a file without a byte too
        raise bad("file must be non-empty" if data is not None else "wrong file identifier/HTTP URL specified")
    file = {**api.keep_file(data, "documents", "file.txt"), "mime_type": "text/plain"}
    return _appear(api, chat, {"document": file} | _captioned(args), args)


def send_media_group(api: BotState, args: Arguments, uploads: Uploads) -> object:
    chat = _chat(api, args)
    media = args["media"]
    if not isinstance(media, list) or len(media) not in checks.ALBUM:
        raise bad("media group must include 2-10 items")
    contents = []
    for item in media:
        checks.known_object("InputMediaPhoto", item)
        if item["type"] != "photo":
            raise bad("stand-in: albums of photos only")
        contents.append(_photo(api, item["media"], uploads) | _captioned(item))
    group = str(api.next_message_id() * 1000)
    return [
        _appear(api, chat, {**content, "media_group_id": group}, {**args, "reply_markup": None}) for content in contents
    ]


def send_location(api: BotState, args: Arguments, uploads: Uploads) -> object:
    chat = _chat(api, args)
    if abs(args["latitude"]) > 90 or abs(args["longitude"]) > 180:
        raise bad("location is invalid")
    place = {"latitude": args["latitude"], "longitude": args["longitude"]}
    return _appear(api, chat, {"location": place}, args)


def send_invoice(api: BotState, args: Arguments, uploads: Uploads) -> object:
    chat = _chat(api, args)
    message = _appear(api, chat, {"invoice": checked_invoice(args)}, args)
    api.payloads[(chat.id, message["message_id"])] = str(args["payload"])
    return message


def answer_pre_checkout_query(api: BotState, args: Arguments, uploads: Uploads) -> object:
    return api.desk.answer(args, api.token)


def send_chat_action(api: BotState, args: Arguments, uploads: Uploads) -> object:
    _chat(api, args)
    if args["action"] not in _ACTIONS:
        raise bad("wrong parameter action in request")
    return True


def edit_message_text(api: BotState, args: Arguments, uploads: Uploads) -> object:
    chat, message = _own_message(api, args)
    text = checks.plain_text(args.get("text", ""), args.get("parse_mode"), args.get("entities"), caption=False)
    if "text" not in message:
        raise bad("there is no text in the message to edit")
    return _edit(api, chat, message, {"text": text}, args)


def edit_message_caption(api: BotState, args: Arguments, uploads: Uploads) -> object:
    chat, message = _own_message(api, args)
    if "text" in message:
        raise bad("there is no caption in the message to edit")
    text = checks.plain_text(
        args.get("caption") or "", args.get("parse_mode"), args.get("caption_entities"), caption=True
    )
    return _edit(api, chat, message, {"caption": text}, args)


def edit_message_reply_markup(api: BotState, args: Arguments, uploads: Uploads) -> object:
    chat, message = _own_message(api, args)
    return _edit(api, chat, message, {}, args)


def delete_message(api: BotState, args: Arguments, uploads: Uploads) -> object:
    chat = _chat(api, args)
    if api.messages.pop((chat.id, args["message_id"]), None) is None:
        raise bad("message to delete not found")
    chat.hide(args["message_id"])
    return True


def answer_callback_query(api: BotState, args: Arguments, uploads: Uploads) -> object:
    if checks.utf16(str(args.get("text") or "")) > checks.ANSWER_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    if not api.close_query(str(args["callback_query_id"])):
        raise bad("query is too old and response timeout expired or query ID is invalid")
    return True


def get_file(api: BotState, args: Arguments, uploads: Uploads) -> object:
    file = api.files.get(args["file_id"])
    if file is None:
        raise bad("invalid file_id")
    if len(file.data) > checks.DOWNLOAD_LIMIT:
        raise bad("file is too big")
    described = {"file_id": args["file_id"], "file_unique_id": file.unique_id}
    return {**described, "file_size": len(file.data), "file_path": file.path}


def set_my_commands(api: BotState, args: Arguments, uploads: Uploads) -> object:
    commands = args["commands"]
    if not isinstance(commands, list) or len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", ""))):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return True


def log_out(api: BotState, args: Arguments, uploads: Uploads) -> object:
    return True


METHODS: dict[str, Callable[[BotState, Arguments, Uploads], object]] = {
    "getme": get_me,
    "logout": log_out,
    "close": log_out,
    "getupdates": get_updates,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
    "sendmediagroup": send_media_group,
    "sendlocation": send_location,
    "sendinvoice": send_invoice,
    "answerprecheckoutquery": answer_pre_checkout_query,
    "sendchataction": send_chat_action,
    "editmessagetext": edit_message_text,
    "editmessagecaption": edit_message_caption,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "answercallbackquery": answer_callback_query,
    "getfile": get_file,
    "setmycommands": set_my_commands,
}


def perform(api: BotState, method: str, raw: dict[str, Any], uploads: Uploads) -> tuple[int, dict[str, Any]]:
    """One call of a method: the HTTP status and the answer."""
    code, answer = 200, {}
    arguments: dict[str, Any] = raw
    try:
        arguments = checks.arguments(method, raw)
        api.refuse_early(method, arguments)
        if method.lower() == "getupdates":  # waits on the condition by itapi
            answer = {"ok": True, "result": METHODS["getupdates"](api, arguments, uploads)}
        elif method.lower() in groups.METHODS:
            with api.lock:
                answer = {"ok": True, "result": groups.METHODS[method.lower()](_group(api, arguments), arguments)}
        else:
            with api.lock:
                answer = {"ok": True, "result": METHODS[method.lower()](api, arguments, uploads)}
    except Refused as refused:
        code = refused.code
        answer = {"ok": False, "error_code": code, "description": refused.description}
        if refused.parameters:
            answer["parameters"] = refused.parameters
    with api.lock:
        api.calls.append(Call(method, arguments, code, str(answer.get("description", "")), time.monotonic()))
    api.desk.hand_over()
    return code, answer


def _chat(api: BotState, args: Arguments) -> Chat:
    chat_id = args.get("chat_id")
    chat = api.people.get(chat_id) or api.groups.get(chat_id) if isinstance(chat_id, int) else None
    if chat is None:
        raise bad("chat not found")
    chat.check_reachable()
    return chat


def _group(api: BotState, args: Arguments) -> Group:
    chat = _chat(api, args)
    if not isinstance(chat, Group):
        raise bad("the chat is not a forum")
    return chat


def _own_message(api: BotState, args: Arguments) -> tuple[Chat, dict[str, Any]]:
    if not isinstance(args.get("message_id"), int):
        raise bad("message identifier is not specified")
    chat = _chat(api, args)
    message = api.messages.get((chat.id, args["message_id"]))
    if message is None:
        raise bad("message to edit not found")
    return chat, message


def _captioned(args: Arguments) -> dict[str, Any]:
    caption = args.get("caption")
    if caption is None:
        return {}
    text = checks.plain_text(caption, args.get("parse_mode"), args.get("caption_entities"), caption=True)
    return {"caption": text} if text else {}


def _photo(api: BotState, value: object, uploads: Uploads) -> dict[str, Any]:
    if isinstance(value, str) and value in api.files:
        return {"photo": [api.describe_photo(value)]}
    data = uploads.get(value.removeprefix("attach://")) if isinstance(value, str) else None
    if data is None:
        raise bad("wrong file identifier/HTTP URL specified")
    width, height = checks.photo_size(data)
    return {"photo": [api.keep_photo(data, width, height)]}


def _appear(api: BotState, chat: Chat, content: dict[str, Any], args: Arguments) -> dict[str, Any]:
    """A message of the bot in a chat: `args` say under which topic, what it answers and with which keyboard."""
    checked = checks.markup(args.get("reply_markup"), private=isinstance(chat, Person))
    where = chat.thread_for(args.get("message_thread_id")) | _answering(api, chat, args.get("reply_parameters"))
    message: dict[str, Any] = {"message_id": api.next_message_id(), "from": api.bot_user, "chat": chat.chat}
    message |= {"date": api.now_s(), **where, **content}
    if checked and "inline_keyboard" in checked and checked["inline_keyboard"]:
        message["reply_markup"] = checked
    elif checked and "keyboard" in checked:
        api.keyboards[chat.id] = [
            [key if isinstance(key, dict) else {"text": key} for key in row] for row in checked["keyboard"]
        ]
    elif checked and checked.get("remove_keyboard"):
        api.keyboards.pop(chat.id, None)
    api.messages[(chat.id, message["message_id"])] = message
    chat.show(_shown(api, message, api.keyboards.get(chat.id, []) if checked and "keyboard" in checked else []))
    return message


def _answering(api: BotState, chat: Chat, value: object) -> dict[str, Any]:
    if value is None:
        return {}
    wanted = checks.known_object("ReplyParameters", value)
    answered = api.messages.get((chat.id, wanted["message_id"]))
    if answered is None and not wanted.get("allow_sending_without_reply"):
        raise bad("message to be replied not found")
    if answered is None:
        return {}
    return {"reply_to_message": {name: inner for name, inner in answered.items() if name != "reply_to_message"}}


def _edit(
    api: BotState, chat: Chat, message: dict[str, Any], content: dict[str, Any], args: Arguments
) -> dict[str, Any]:
    keyboard = checks.markup(args.get("reply_markup"), private=isinstance(chat, Person), inline_only=True)
    edited = {**message, **content}
    edited.pop("reply_markup", None)
    if keyboard and keyboard["inline_keyboard"]:
        edited["reply_markup"] = keyboard
    if edited == message:
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a"
            " current content and reply markup of the message"
        )
    edited["edit_date"] = api.now_s()
    api.messages[(chat.id, message["message_id"])] = edited
    chat.show(_shown(api, edited, []))
    return edited


def _shown(api: BotState, message: dict[str, Any], keyboard: list[list[dict[str, Any]]]) -> Shown:
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    keys = [key for row in keyboard for key in row]
    return Shown(
        message_id=message["message_id"],
        text=message.get("text") or message.get("caption") or _invoice_text(message),
        photos=tuple(api.files[size["file_id"]].data for size in message.get("photo", ())),
        documents=tuple(api.files[file["file_id"]].data for file in (message.get("document"),) if file),
        buttons=tuple(tuple(str(button["text"]) for button in row) for row in rows),
        keys=tuple(str(key["text"]) for key in keys),
        asks_location=next((str(key["text"]) for key in keys if key.get("request_location")), ""),
        raw=message,
    )


def _invoice_text(message: dict[str, Any]) -> str:
    invoice = message.get("invoice")
    return f"{invoice['title']}\n{invoice['description']}" if invoice else ""
