"""`vitrine chat`: a conversation on standard input and output, through inbox, dispatch and outbox like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, TextIO, TypeVar

from bot.channels import neutral
from bot.channels.terminal.parse import read_line
from bot.channels.terminal.send import Terminal
from bot.dispatch import Dispatcher
from bot.outbox_worker import Sender
from commerce.domain.customer import Contact
from commerce.domain.mail import Direction

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

R = TypeVar("R")

LONGEST_LINE = 65_536  # characters; the rest of the line is not read
_LEASE = timedelta(minutes=5)


def run_chat(shop: Shop, *, lang: str, stdin: TextIO, stdout: TextIO, json_output: bool = False) -> None:
    """Answers each line of `stdin` on `stdout`, until it ends. One conversation, of a person of its own.

    A line is what the shopper says; a number picks that choice; `photo PATH`, `location LAT,LON` and `/start …` send
    those. A reply is a block of lines with an empty one after it; with `json_output` one line of JSON (`bot.wire`).
    """
    for stream in (stdin, stdout):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(encoding="utf-8", errors="replace")
    if stdin.isatty():
        print("Ctrl-D ends. A number picks a choice; `photo PATH` and `location LAT,LON` send those.\n", file=stdout)
    conversation = TerminalConversation(shop, lang)
    try:
        for line in _lines(stdin):
            for block in conversation.say(line, as_json=json_output):
                print(block, file=stdout, end="\n" if json_output else "\n\n", flush=True)
    except BrokenPipeError:
        pass  # whoever read us has seen enough
    finally:
        conversation.close()


class TerminalConversation:
    """One person at a terminal. Holds the leases of its lane: no worker of a running shop answers in its place."""

    def __init__(self, shop: Shop, lang: str) -> None:
        self._shop, self._lang = shop, lang
        self._owner = shop.ids.new_id()
        self.contact = Contact(Terminal.name, Terminal.account, shop.ids.new_id())
        self._blocks: list[str] = []
        terminal = Terminal(self._blocks.append)
        channels = {(terminal.name, terminal.account): terminal}
        self._dispatcher = Dispatcher(shop, channels)
        self._sender = Sender(shop, channels)
        self._count = 0
        self._read = 0  # the last line of the thread that was printed

    def say(self, line: str, *, as_json: bool = False) -> list[str]:
        """The replies to one line: blocks of text, or JSON."""
        said = read_line(line)
        self._count += 1
        event = neutral.event_of(
            self.contact,
            f"{self.contact.address}-{self._count}",
            self._shop.clock.now(),
            text=said.text,
            start=said.start,
            location=said.location,
            media=(said.photo,) if said.photo else (),
            language=self._lang,
        )

        def accept(uow: UnitOfWork) -> None:
            now = self._shop.clock.now()
            for side in ("in", "out"):
                uow.leases.take(f"{side}:{self.contact.lane}", self._owner, now, now + _LEASE)
            uow.inbox.accept(event, now)

        self._shop.storage.write(accept)
        return self.waiting(as_json=as_json)

    def waiting(self, *, as_json: bool = False) -> list[str]:
        """Replies and notices that nobody has read yet."""
        self._work()
        if not as_json:
            blocks = list(self._blocks)
            self._blocks.clear()
            return blocks
        with self._shop.storage.read() as uow:
            fresh = uow.threads.after(self.contact, self._read, 1000)
        self._read = max((entry.id for entry in fresh), default=self._read)
        return [entry.body for entry in fresh if entry.direction is Direction.OUT]

    def close(self) -> None:
        def drop(uow: UnitOfWork) -> None:
            for side in ("in", "out"):
                uow.leases.drop(f"{side}:{self.contact.lane}", self._owner)

        self._shop.storage.write(drop)

    def _work(self) -> None:
        """Everything of this lane that can be done now."""
        lane = self.contact.lane
        while (row := self._next(lambda uow: uow.inbox.next_in(lane, self._shop.clock.now()))) is not None:
            self._dispatcher.answer(row)
        while (out := self._next(lambda uow: uow.outbox.next_in(lane, self._shop.clock.now()))) is not None:
            if not self._sender.send(out):
                break

    def _next(self, read: Callable[[UnitOfWork], R]) -> R:
        with self._shop.storage.read() as uow:
            return read(uow)


def _lines(stream: TextIO) -> Iterator[str]:
    """Lines with something on them; what is longer than LONGEST_LINE is cut."""
    while line := stream.readline(LONGEST_LINE):
        rest = line
        while rest and not rest.endswith("\n"):
            rest = stream.readline(LONGEST_LINE)
        if line.strip():
            yield line.strip()
