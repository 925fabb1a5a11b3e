"""Groups: several people and the bot, with topics where the group is a forum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from vitrine.standins.telegram.checks import Refused, bad
from vitrine.standins.telegram.people import Person, jpeg_sizes
from vitrine.standins.telegram.screen import NoSuchButton, Screen, Shown

ICON_COLOUR = 7322096  # 0x6FB9F0, https://core.telegram.org/bots/api#createforumtopic
# What an administrator may do, https://core.telegram.org/bots/api#chatmemberadministrator, topics apart.
_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
)  # fmt: skip


class GroupNetwork(Protocol):
    """What a group needs of Telegram."""

    groups: dict[int, Group]
    messages: dict[tuple[int, int], dict[str, Any]]

    @property
    def bot_user(self) -> dict[str, Any]: ...
    def receive(self, content: dict[str, Any]) -> int: ...
    def keep_photo(self, data: bytes, width: int, height: int) -> dict[str, Any]: ...
    def next_message_id(self) -> int: ...
    def next_query_id(self) -> str: ...
    def now_s(self) -> int: ...


@dataclass(slots=True)
class Topic:
    name: str
    closed: bool = False


class Group(Screen):
    """Made by `group`. People write, answer and tap in it; `screen` is what everybody sees of the bot."""

    def __init__(self, network: GroupNetwork, group_id: int, title: str, *, is_forum: bool) -> None:
        super().__init__()
        self._network = network
        self.id, self.title, self.is_forum = group_id, title, is_forum
        self.topics: dict[int, Topic] = {}
        self.status, self.may_manage_topics = "left", False
        self.moved_to = 0

    # --- what people do

    def add_bot(self, by: Person, *, admin: bool = False, topics: bool = False) -> None:
        """Adds the bot, or changes its rights. Only as an administrator does it read what is not said to it."""
        self._becomes(by, "administrator" if admin else "member", topics=admin and topics)

    def remove_bot(self, by: Person) -> None:
        self._becomes(by, "kicked", topics=False)

    def say(self, by: Person, text: str, *, topic: int = 0, reply_to: int = 0) -> None:
        content: dict[str, Any] = {"text": text}
        if text.startswith("/"):
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        self._write(by, content, topic, reply_to)

    def photo(self, by: Person, data: bytes, caption: str = "", *, topic: int = 0, reply_to: int = 0) -> None:
        sizes = [self._network.keep_photo(file, width, height) for file, width, height in jpeg_sizes(data)]
        self._write(by, {"photo": sizes, **({"caption": caption} if caption else {})}, topic, reply_to)

    def tap(self, by: Person, label: str, *, topic: int | None = None) -> str:
        """Taps the newest button with that label, in one topic or anywhere; '' or, for a link, its address."""
        for shown in reversed(self._screen):
            if topic is None or self.topic_of(shown) == topic:
                button = shown.button(label)
                if button is not None and "url" in button:
                    return str(button["url"])
                if button is not None:
                    query = {"id": self._network.next_query_id(), "from": by.user, "message": shown.raw}
                    query |= {"chat_instance": f"{abs(self.id)}", "data": button["callback_data"]}
                    self._network.receive({"callback_query": query})
                    return ""
        raise NoSuchButton(f"no button {label!r} in the group; there are {self.buttons}")

    def close_topic(self, by: Person, topic: int) -> None:
        self.topics[topic].closed = True
        self._write(by, {"forum_topic_closed": {}}, topic, 0)

    def reopen_topic(self, by: Person, topic: int) -> None:
        self.topics[topic].closed = False
        self._write(by, {"forum_topic_reopened": {}}, topic, 0)

    def delete_topic(self, topic: int) -> None:
        """Of which the bot hears nothing."""
        del self.topics[topic]
        self._forget(lambda shown: self.topic_of(shown) == topic)

    def move(self, by: Person, new_id: int) -> Group:
        """Telegram gives a group a new id when it becomes a supergroup."""
        moved = Group(self._network, new_id, self.title, is_forum=self.is_forum)
        moved.status, moved.may_manage_topics = self.status, self.may_manage_topics
        self._network.groups[new_id] = moved
        self._write(by, {"migrate_to_chat_id": new_id}, 0, 0)
        self.moved_to = new_id
        return moved

    # --- reading

    def replies(self, topic: int | None = None) -> list[Shown]:
        """What the bot has shown since the last call; in one topic, or anywhere."""
        return [shown for shown in super().replies() if topic is None or self.topic_of(shown) == topic]

    def in_topic(self, topic: int) -> list[Shown]:
        return [shown for shown in self._screen if self.topic_of(shown) == topic]

    @staticmethod
    def topic_of(shown: Shown) -> int:
        return int(shown.raw.get("message_thread_id", 0))

    # --- for the stand-in

    @property
    def chat(self) -> dict[str, Any]:
        kind = "supergroup" if str(self.id).startswith("-100") else "group"
        return {"id": self.id, "type": kind, "title": self.title, **({"is_forum": True} if self.is_forum else {})}

    def check_reachable(self) -> None:
        if self.moved_to:
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self.moved_to,
            )
        if self.status == "kicked":
            raise Refused(403, f"Forbidden: bot was kicked from the {self.chat['type']} chat")
        if self.status == "left":
            raise Refused(403, f"Forbidden: bot is not a member of the {self.chat['type']} chat")

    def thread_for(self, topic: object) -> dict[str, Any]:
        """What a message to that topic carries."""
        if topic is None:
            return {}
        found = self.topics.get(topic) if isinstance(topic, int) else None
        if found is None:
            raise bad("message thread not found")
        if found.closed and not self.may_manage_topics:
            raise bad("TOPIC_CLOSED")
        return {"message_thread_id": topic, "is_topic_message": True}

    def create_topic(self, name: object) -> dict[str, Any]:
        self._check_topic_rights()
        if not isinstance(name, str) or not 1 <= len(name) <= 128:
            raise bad("TOPIC_TITLE_INVALID" if isinstance(name, str) and name else "topic name must be non-empty")
        topic_id = self._network.next_message_id()  # of the message that says so
        self.topics[topic_id] = Topic(name)
        return {"message_thread_id": topic_id, "name": name, "icon_color": ICON_COLOUR}

    def set_topic_closed(self, topic: object, closed: bool) -> None:
        self._check_topic_rights()
        found = self.topics.get(topic) if isinstance(topic, int) else None
        if found is None:
            raise bad("TOPIC_ID_INVALID")
        if found.closed == closed:
            raise bad("TOPIC_NOT_MODIFIED")
        found.closed = closed

    def membership(self) -> dict[str, Any]:
        """The bot, https://core.telegram.org/bots/api#chatmember"""
        member = {"status": self.status, "user": self._network.bot_user}
        if self.status == "kicked":
            return {**member, "until_date": 0}
        if self.status != "administrator":
            return member
        return {**member, **dict.fromkeys(_RIGHTS, False), "can_manage_topics": self.may_manage_topics}

    def _check_topic_rights(self) -> None:
        if not self.is_forum:
            raise bad("the chat is not a forum")
        if not self.may_manage_topics:
            raise bad("not enough rights to create a topic")

    def _becomes(self, by: Person, status: str, *, topics: bool) -> None:
        before = self.membership()
        self.status, self.may_manage_topics = status, topics
        change = {"chat": self.chat, "from": by.user, "date": self._network.now_s()}
        change |= {"old_chat_member": before, "new_chat_member": self.membership()}
        self._network.receive({"my_chat_member": change})

    def _write(self, by: Person, content: dict[str, Any], topic: int, reply_to: int) -> None:
        if self.status not in ("member", "administrator"):
            return
        message = {"message_id": self._network.next_message_id(), "from": by.user, "chat": self.chat}
        message |= {"date": self._network.now_s(), **content}
        if topic:
            message |= {"message_thread_id": topic, "is_topic_message": True}
            message["reply_to_message"] = self._opening(topic)
        answered = self._network.messages.get((self.id, reply_to))
        if answered is not None:
            message["reply_to_message"] = {k: v for k, v in answered.items() if k != "reply_to_message"}
        if self.status == "administrator" or _is_for_bot(message, self._network.bot_user):
            self._network.receive({"message": message})

    def _opening(self, topic: int) -> dict[str, Any]:
        created = {"name": self.topics[topic].name, "icon_color": ICON_COLOUR}
        opening = {"message_id": topic, "from": self._network.bot_user, "chat": self.chat}
        opening |= {"date": self._network.now_s(), "message_thread_id": topic, "is_topic_message": True}
        return {**opening, "forum_topic_created": created}


def _is_for_bot(message: dict[str, Any], bot: dict[str, Any]) -> bool:
    """What a bot that is no administrator hears: https://core.telegram.org/bots/features#privacy-mode"""
    answered = message.get("reply_to_message", {})
    text = str(message.get("text") or message.get("caption") or "")
    answers_it = answered.get("from", {}).get("id") == bot["id"] and "forum_topic_created" not in answered
    is_service = not any(field in message for field in ("text", "photo"))
    return answers_it or is_service or text.startswith("/") or f"@{bot['username']}" in text


def create_forum_topic(group: Group, args: dict[str, Any]) -> object:
    return group.create_topic(args["name"])


def close_forum_topic(group: Group, args: dict[str, Any]) -> object:
    group.set_topic_closed(args["message_thread_id"], True)
    return True


def reopen_forum_topic(group: Group, args: dict[str, Any]) -> object:
    group.set_topic_closed(args["message_thread_id"], False)
    return True


def get_chat_member(group: Group, args: dict[str, Any]) -> object:
    member = group.membership()
    if args["user_id"] != member["user"]["id"]:
        raise bad("stand-in: tells of the bot itself alone")
    return member


METHODS: dict[str, Callable[[Group, dict[str, Any]], object]] = {
    "createforumtopic": create_forum_topic,
    "closeforumtopic": close_forum_topic,
    "reopenforumtopic": reopen_forum_topic,
    "getchatmember": get_chat_member,
}
