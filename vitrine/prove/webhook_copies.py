"""The same events several times, in any order, through the door of a channel, with many workers behind it."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from vitrine.prove import ProofResult
from vitrine.prove._each_database import on_each_database
from vitrine.prove._talking_shop import SECRET, facts, last_actions, person_facts, talking_shop, thread

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from bot.channels.recorder.send import Recorder
    from bot.messages import Message
    from bot.worker import Worker
    from commerce.domain.mail import InboundEvent
    from commerce.wiring import Shop

PROMISE = (
    "Events that come one to five times, shuffled, some again a week later, through eight connections to two workers"
    " of four threads leave the shop exactly as the same events once and in order."
)
DEFAULT_N = 10_000
CI_N = 1_000

_BOT = "700700700"
_TOKEN = f"{_BOT}:PROOF-TOKEN-of-a-shop-that-is-not-there"
_PEOPLE, _BURST = 20, 3
_CONNECTIONS, _WORKERS, _MOST_COPIES = 8, 2, 5
_EVERY = timedelta(seconds=61)  # between two rounds: people are slower than the flood guard
_WORDS = (
    "robe lin bleu marine", "linnen dress navy", "veste en jean", "baskets 42", "en 38", "moins de 60 euros",
    "same but under 60", "la même en rouge", "Lyon", "mes réservations", "my reservations", "oublie ma taille",
    "bonjour", "merci", "la deuxième", "plus", "4111 1111 1111 1111", "👗", "asdfgh",
)  # fmt: skip


@dataclass
class _Story:
    """What happens: rounds of updates. In a round of one, everybody says one thing; in a burst, several at once."""

    rounds: list[list[dict[str, Any]]] = field(default_factory=list)
    events: int = 0


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` different events, told once in order on SQLite, then with copies and disorder on each database."""
    story, wanted = _told_in_order(n, seed, scratch / "in-order")
    report(f"{story.events:,} events told once and in order")

    def prove(url: str, folder: Path) -> ProofResult:
        found, deliveries, refused = _told_in_disorder(story, seed, url, folder)
        same = found == wanted
        different = [key for key in wanted if found.get(key) != wanted[key]]
        return ProofResult(
            same and refused == 0,
            f"{deliveries:,} deliveries of {story.events:,} events, "
            f"{'same end' if same else f'{len(different)} people differ'}, {refused} refused",
            {"deliveries": deliveries, "refused": refused, "differ": different[:5], "hash": _hash(found)},
        )

    proved = on_each_database(scratch, report, prove)
    return replace(proved, details=proved.details | {"wanted": _hash(wanted)})


def _told_in_order(n: int, seed: int, folder: Path) -> tuple[_Story, dict[str, object]]:
    """Makes the story up as it is told: what people tap depends on what they were answered."""
    from vitrine.prove._databases import sqlite_database

    rng = random.Random(seed)
    folder.mkdir()
    story, clock = _Story(), _clock()
    with talking_shop(sqlite_database(folder), folder, clock, seed, **_settings()) as shop:
        channel = _listening(shop)
        client = _door(shop, lambda: None)
        worker = _worker(shop, channel)
        while story.events < n:
            clock.advance(_EVERY)
            burst = len(story.rounds) % 4 == 3
            told: list[dict[str, Any]] = []
            for step in range(_BURST if burst else 1):
                for person in range(_PEOPLE):
                    story.events += 1
                    actions = [] if burst else last_actions(shop, _contact(person))
                    told.append(_update(story.events, person, step, clock, rng, actions))
            for update in told:
                _post(client, update)
            worker.run_until_quiet()
            story.rounds.append(told)
        return story, _end(shop)


def _told_in_disorder(story: _Story, seed: int, url: str, folder: Path) -> tuple[dict[str, object], int, int]:
    rng = random.Random(seed + 1)
    clock = _clock()
    deliveries = refused = 0
    late: list[dict[str, Any]] = []
    with talking_shop(url, folder, clock, seed, **_settings()) as shop, ThreadPoolExecutor(_CONNECTIONS) as pool:
        workers = [_worker(shop, _listening(shop)) for _ in range(_WORKERS)]
        local = threading.local()

        def wake() -> None:
            for worker in workers:
                worker.wake()

        def post(update: dict[str, Any]) -> bool:
            if not hasattr(local, "client"):
                local.client = _door(shop, wake)
            return _post(local.client, update)

        def tell(updates: list[dict[str, Any]], *, burst: bool) -> None:
            nonlocal deliveries, refused
            answers = list(pool.map(post, updates)) if burst else []  # all are there before anybody looks
            with _at_work(workers):
                answers = answers or list(pool.map(post, updates))  # work goes on while copies are still coming in
                _settle(shop)
            deliveries, refused = deliveries + len(answers), refused + answers.count(False)

        for told in story.rounds:
            clock.advance(_EVERY)
            copies = [update for update in told for _ in range(rng.randint(1, _MOST_COPIES))]
            copies += [late.pop(rng.randrange(len(late))) for _ in range(min(len(late), 5))]
            rng.shuffle(copies)
            tell(copies, burst=len(told) > _PEOPLE)
            late += rng.sample(told, 2)
        clock.advance(timedelta(days=7))  # what was delayed for a week changes nothing any more
        tell(late, burst=False)
        clock.advance(-timedelta(days=7))
        return _end(shop), deliveries, refused


@contextmanager
def _at_work(workers: list[Worker]) -> Iterator[None]:
    """They work inside the block, and have stopped after it whatever happened: the shop closes next."""
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()


def _settle(shop: Shop) -> None:
    """Returns when no lane has anything left to do."""
    until = time.monotonic() + 120
    while True:
        with shop.storage.read() as uow:
            far = shop.clock.now() + timedelta(days=1)
            left = uow.inbox.waiting_lanes(far, 10), uow.outbox.waiting_lanes(far, 10)
        if not any(left):
            return
        if time.monotonic() > until:
            raise TimeoutError(f"the workers did not come to an end: in {left[0]}, out {left[1]}")
        time.sleep(0.01)


def _end(shop: Shop) -> dict[str, object]:
    """The state that counts: by person what was said, known and held; prices and stock."""
    people = {
        str(number): [thread(shop, _contact(number)), person_facts(shop, _contact(number))] for number in range(_PEOPLE)
    }
    return json.loads(json.dumps({**people, "facts": facts(shop)}))  # type: ignore[no-any-return]


def _update(
    number: int, person: int, step: int, clock: ManualClock, rng: random.Random, actions: list[str]
) -> dict[str, Any]:
    user = {"id": 1000 + person, "is_bot": False, "first_name": f"P{person}", "language_code": rng.choice(("fr", "en"))}
    chat = {"id": 1000 + person, "type": "private", "first_name": f"P{person}"}
    date = int(clock.now().timestamp()) - _BURST + step
    if actions and rng.random() < 0.6:
        ours = {"message_id": number, "date": date, "chat": chat, "text": "…"}
        query = {"id": f"q{number}", "from": user, "message": ours, "chat_instance": "1", "data": rng.choice(actions)}
        return {"update_id": 900_000_000 + number, "callback_query": query}
    message: dict[str, Any] = {"message_id": number, "from": user, "chat": chat, "date": date}
    if rng.random() < 0.1:
        message["location"] = {"latitude": 45.76, "longitude": 4.84}
    else:
        message["text"] = rng.choice(_WORDS)
    return {"update_id": 900_000_000 + number, "message": message}


def _contact(person: int) -> Contact:
    return Contact("telegram", _BOT, str(1000 + person))


def _clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))


def _settings() -> dict[str, Any]:
    return {"telegram_token": _TOKEN, "telegram_secret": SECRET, "worker_threads": 4, "hold_s": 86_400 * 30}


def _listening(shop: Shop) -> Recorder:
    """A recorder in Telegram's place: what is proved is what comes in; nothing is to leave."""
    from bot.channels.recorder.send import Recorder
    from bot.channels.telegram import parse

    class Listening(Recorder):
        name = "telegram"
        account = _BOT

        def parse(self, event: InboundEvent) -> Message | None:
            return parse.parse(event)

    return Listening(shop.media)


def _worker(shop: Shop, channel: Recorder) -> Worker:
    from bot.worker import Worker

    return Worker(shop, [channel])


def _door(shop: Shop, wake: Callable[[], None]) -> FlaskClient:
    from flask import Flask

    from bot.webhooks import webhooks

    app = Flask("proof")
    app.register_blueprint(webhooks(shop, wake))
    return app.test_client()


def _post(client: FlaskClient, update: dict[str, Any]) -> bool:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    return client.post("/hooks/telegram", json=update, headers=headers).status_code == 200


def _hash(end: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(end, sort_keys=True).encode()).hexdigest()[:16]
