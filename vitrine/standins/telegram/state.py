"""What Telegram knows: people, messages, files, updates that wait, and the faults it was told to have."""

from __future__ import annotations

import itertools
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from commerce.clock import SystemClock
from commerce.ports import Clock
from vitrine.standins.telegram.checks import Refused
from vitrine.standins.telegram.groups import Group
from vitrine.standins.telegram.invoices import Desk, Payment
from vitrine.standins.telegram.people import Person

TOKEN = "700700700:REHEARSAL-TOKEN-of-the-stand-in-00"  # noqa: S105  # opens nothing but a stand-in
USERNAME = "vitrine_rehearsal_bot"
STAFF_TOKEN = "700700701:REHEARSAL-TOKEN-of-the-stand-in-01"  # noqa: S105  # likewise
STAFF_USERNAME = "vitrine_rehearsal_staff_bot"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot, as it came. `code` is 200 when it was done; `at_s` is monotonic."""

    method: str
    arguments: dict[str, Any]
    code: int
    description: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Fault:
    """How a call fails. `status`: with this code (and `retry_after_s` for 429). `hang_s`: answers only after so long.
    `drop`: does what was asked, then closes the connection without an answer. `done`: does it before it fails."""

    status: int = 0
    retry_after_s: int = 0
    hang_s: float = 0.0
    drop: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class StoredFile:
    data: bytes
    path: str
    unique_id: str
    width_px: int = 0
    height_px: int = 0


@dataclass(slots=True)
class _Webhook:
    url: str = ""
    secret: str = ""
    allowed: list[str] | None = None
    connections: int = 40
    last_error: str = ""
    last_error_s: int = 0


@dataclass(slots=True)
class Batch:
    updates: list[dict[str, Any]] = field(default_factory=list)


class BotState(ABC):
    """Safe for many threads."""

    def __init__(self, *, token: str = TOKEN, username: str = USERNAME, clock: Clock | None = None) -> None:
        self.token, self.username = token, username
        self._clock = clock or SystemClock()
        self.lock = threading.RLock()
        self._news = threading.Condition(self.lock)
        self.policy: Callable[[str, dict[str, Any]], Fault | None] | None = None
        self.reset()

    def reset(self) -> None:
        """Forgets everything but the address."""
        with self.lock:
            self.people: dict[int, Person] = {}
            self.groups: dict[int, Group] = {}
            self.messages: dict[tuple[int, int], dict[str, Any]] = {}
            self.payloads: dict[tuple[int, int], str] = {}  # of invoices: seen by the bot alone
            self.keyboards: dict[int, list[list[dict[str, Any]]]] = {}
            self.files: dict[str, StoredFile] = {}
            self.calls: list[Call] = []
            self.answered_taps = 0
            self.early_sends = 0  # calls that came before the time that a 429 had asked for was over
            self._queries: set[str] = set()
            self._pending: list[dict[str, Any]] = []
            self._faults: list[tuple[str, Fault]] = []
            self._quiet_until_s: dict[int, float] = {}
            self._held: Batch | None = None
            self._webhook = _Webhook()
            self._poll = 0
            self._ids = itertools.count(1)
            self._update_ids = itertools.count(900_000_001)
            self.desk = Desk(self.receive, self.next_message_id)

    # --- people and their messages

    def person(self, person_id: int, name: str = "Léa", language: str = "fr") -> Person:
        """The person with that id, made when there is none."""
        with self.lock:
            return self.people.setdefault(person_id, Person(self, person_id, name, language))

    def group(self, group_id: int, title: str = "Lyon Bellecour", *, is_forum: bool = False) -> Group:
        """The group with that id (below zero), made when there is none; the bot is not in it yet."""
        with self.lock:
            return self.groups.setdefault(group_id, Group(self, group_id, title, is_forum=is_forum))

    def receive(self, content: dict[str, Any]) -> int:
        """Something happened: an update for the bot, by webhook at once or when it polls. Returns its update_id."""
        with self._news:
            update = {"update_id": next(self._update_ids), **content}
            kind = next(iter(content))
            if self._webhook.allowed and kind not in self._webhook.allowed:
                return int(update["update_id"])
            if self._held is not None:
                self._held.updates.append(update)
                return int(update["update_id"])
            if not self._webhook.url:
                self._pending.append(update)
                self._news.notify_all()
                return int(update["update_id"])
        if not self.deliver(update):
            with self.lock:
                self._pending.append(update)
        return int(update["update_id"])

    def pay(self, person: Person, message: dict[str, Any]) -> Payment:
        """The person presses the button of an invoice and confirms."""
        with self.lock:
            payload = self.payloads[(person.id, message["message_id"])]
            desk = self.desk
        return desk.pay(person, message, payload, self.now_s)

    @abstractmethod
    def deliver(self, update: dict[str, Any]) -> bool:
        """Posts an update to the webhook; False when it was refused to the end."""

    # --- the bot's side

    def fault_for(self, method: str, arguments: dict[str, Any]) -> Fault | None:
        """The fault that this call meets, if any. A one-time fault is used up."""
        with self.lock:
            for index, (wanted, fault) in enumerate(self._faults):
                if wanted in ("*", method):
                    del self._faults[index]
                    return fault
            return self.policy(method, arguments) if self.policy else None

    def fail(self, method: str = "*", *, times: int = 1, **fault: Any) -> None:
        """The next `times` calls of that method fail: `fail("sendMessage", status=429, retry_after_s=3)`."""
        with self.lock:
            self._faults += [(method, Fault(**fault))] * times

    def hush(self, chat_id: int, retry_after_s: int) -> None:
        """A 429 was answered for this chat: what comes sooner is counted."""
        with self.lock:
            self._quiet_until_s[chat_id] = time.monotonic() + retry_after_s

    def refuse_early(self, method: str, arguments: dict[str, Any]) -> None:
        chat_id = arguments.get("chat_id")
        if not method.lower().startswith("send") or not isinstance(chat_id, int):
            return
        with self.lock:
            left_s = self._quiet_until_s.get(chat_id, 0.0) - time.monotonic()
            if left_s > 0:
                self.early_sends += 1
                wait_s = int(left_s) + 1
                raise Refused(429, f"Too Many Requests: retry after {wait_s}", retry_after=wait_s)

    def sent(self, method: str = "") -> list[Call]:
        """Calls that were done."""
        with self.lock:
            return [call for call in self.calls if call.code == 200 and method in ("", call.method)]

    # --- updates

    def end_polls(self) -> None:
        """Whoever waits in getUpdates is sent away."""
        with self._news:
            self._poll += 1
            self._news.notify_all()

    def set_webhook(self, url: str, secret: str, allowed: list[str] | None, connections: int, *, drop: bool) -> None:
        with self._news:
            self._webhook = _Webhook(url, secret, allowed, connections)
            if drop:
                self._pending.clear()
            if url:
                self.end_polls()

    def webhook_info(self) -> dict[str, Any]:
        hook = self._webhook
        info = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(self._pending)}
        info["max_connections"] = hook.connections
        if hook.allowed:
            info["allowed_updates"] = hook.allowed
        if hook.last_error:
            info |= {"last_error_date": hook.last_error_s, "last_error_message": hook.last_error}
        return info

    def updates_from(self, offset: int, limit: int, timeout_s: float, args: dict[str, Any]) -> list[dict[str, Any]]:
        """getUpdates: everything below `offset` is confirmed and forgotten; waits for news at most `timeout_s`."""
        until = time.monotonic() + timeout_s
        with self._news:
            if self._webhook.url:
                raise Refused(
                    409,
                    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the"
                    " webhook first",
                )
            self._poll += 1
            mine = self._poll
            self._news.notify_all()
            if args.get("allowed_updates") is not None:
                self._webhook.allowed = args["allowed_updates"]
            if offset < 0:
                self._pending = self._pending[offset:]
            elif offset > 0:
                self._pending = [update for update in self._pending if update["update_id"] >= offset]
            while not self._pending:
                left_s = until - time.monotonic()
                if left_s <= 0:
                    return []
                self._news.wait(left_s)
                if self._poll != mine:
                    raise Refused(
                        409,
                        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is"
                        " running",
                    )
            return self._pending[:limit]

    @property
    def pending(self) -> int:
        """Updates that nobody has confirmed."""
        with self.lock:
            return len(self._pending)

    # --- small things

    @property
    def bot_user(self) -> dict[str, Any]:
        bot_id = int(self.token.partition(":")[0])
        return {"id": bot_id, "is_bot": True, "first_name": "Vitrine", "username": self.username}

    def now_s(self) -> int:
        return int(self._clock.now().timestamp())

    def next_message_id(self) -> int:
        with self.lock:
            return next(self._ids)

    def next_query_id(self) -> str:
        with self.lock:
            query = f"77{next(self._ids):014d}"
            self._queries.add(query)
            return query

    def close_query(self, query_id: str) -> bool:
        """A tap is answered once."""
        with self.lock:
            known = query_id in self._queries
            self._queries.discard(query_id)
            self.answered_taps += known
            return known

    def keep_file(self, data: bytes, folder: str, name: str, width: int = 0, height: int = 0) -> dict[str, Any]:
        with self.lock:
            number = next(self._ids)
            suffix = name.rpartition(".")[2] if "." in name else "bin"
            file_id, unique = f"standin-{folder}-{number:08d}", f"AQAD{number:08d}"
            self.files[file_id] = StoredFile(data, f"{folder}/file_{number}.{suffix}", unique, width, height)
            return {"file_id": file_id, "file_unique_id": unique, "file_size": len(data)}

    def keep_photo(self, data: bytes, width: int, height: int) -> dict[str, Any]:
        kept = self.keep_file(data, "photos", "photo.jpg", width, height)
        return {**kept, "width": width, "height": height}

    def describe_photo(self, file_id: str) -> dict[str, Any]:
        file = self.files[file_id]
        described = {"file_id": file_id, "file_unique_id": file.unique_id, "file_size": len(file.data)}
        return {**described, "width": file.width_px, "height": file.height_px}
