"""The fixture shop with the clock of the journeys, and people who talk to it over every channel there is."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.channels import rules_of_channels
from bot.channels.recorder.send import Recorder
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.team import Role, StaffMember
from commerce.ids import SeededIds
from commerce.image_matching import picture_index_folder
from commerce.services.team import Place
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from tests.journeys.counter import Board
from tests.journeys.dsl import Driver, Talk
from tests.journeys.pictures import Part, side_by_side, street_photo
from tests.journeys.pointing import point_out
from vitrine.fixture import build_fixture

ON_POSTGRESQL = "memory-postgresql"
STAGES = ("memory", ON_POSTGRESQL, "webchat", "terminal", "telegram-webhook", "telegram-polling")

People = Callable[[str], Talk]


@pytest.fixture(params=["fr", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> str:
    """The channel: in memory, unless the test is played on others with `on_every_stage`."""
    return str(getattr(request, "param", "memory"))


on_every_stage = pytest.mark.parametrize("stage", STAGES, indirect=True)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the fixture shop, read from its feed and looked at once; every test gets a copy."""
    folder = tmp_path_factory.mktemp("fixture-shop") / "data"
    clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    with build_shop(load_settings(data_dir=folder, secret_key="s" * 32), clock=clock, ids=SeededIds(1)) as shop:
        build_fixture(shop)
    return folder


@pytest.fixture
def data_dir(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "data"))


@pytest.fixture
def database_url(request: pytest.FixtureRequest, stage: str) -> str:
    """The copy's own SQLite (''), or a fresh PostgreSQL on its stage."""
    return str(request.getfixturevalue("postgres_url")) if stage == ON_POSTGRESQL else ""


@pytest.fixture
def shop(data_dir: Path, database_url: str, clock: ManualClock, ids: SeededIds) -> Iterator[Shop]:
    """The fixture shop, eyes shut: without an index that could go on answering."""
    shutil.rmtree(picture_index_folder(data_dir / "index"))
    settings = load_settings(data_dir=data_dir, database_url=database_url, encoder="none", secret_key="s" * 32)
    with build_shop(settings, clock=clock, ids=ids, channels=rules_of_channels()) as shop:
        if database_url:
            build_fixture(shop, pictures=False)
        shop.index_keeper.refresh()
        yield shop


@pytest.fixture
def post(street_look: bytes, outfit: tuple[bytes, list[Part]]) -> Iterator[str]:
    """A page of somebody else's site whose preview picture is a photo of the linen dress; beside it one (OUTFIT) with
    the photo of a whole outfit."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            base = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
            html = f'<html><head><meta property="og:image" content="{base}/look.jpg"></head><body>Look!</body></html>'
            several = html.replace("look.jpg", "outfit.jpg")
            pages = {
                "/p/ABC": ("text/html", html.encode()),
                "/p/OUTFIT": ("text/html", several.encode()),
                "/look.jpg": ("image/jpeg", street_look),
                "/outfit.jpg": ("image/jpeg", outfit[0]),
            }
            kind, body = pages.get(self.path, ("text/plain", b""))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/p/ABC"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def street_look(template: Path) -> bytes:
    """Somebody's photo of the linen dress."""
    return street_photo((template / "fixture" / "images" / "P1-navy.jpg").read_bytes())


@pytest.fixture(scope="session")
def outfit(template: Path) -> tuple[bytes, list[Part]]:
    """Somebody's photo of the linen dress, the denim jacket and the sneakers, and where they are in it."""
    images = template / "fixture" / "images"
    return side_by_side([(images / f"{name}.jpg").read_bytes() for name in ("P1-navy", "P2-blue", "P3-white")])


@pytest.fixture(scope="session")
def own_bag(template: Path) -> bytes:
    """The shop's own picture of the leather tote."""
    return (template / "fixture" / "images" / "P4-brown.jpg").read_bytes()


@pytest.fixture
def shop_with_eyes(
    data_dir: Path,
    database_url: str,
    clock: ManualClock,
    ids: SeededIds,
    post: str,
    outfit: tuple[bytes, list[Part]],
) -> Iterator[Shop]:
    """The fixture shop, eyes open."""
    settings = load_settings(
        data_dir=data_dir, database_url=database_url, secret_key="s" * 32, fetch_allow_hosts=(urlsplit(post).netloc,)
    )
    with build_shop(settings, clock=clock, ids=ids, channels=rules_of_channels()) as shop:
        if database_url:
            build_fixture(shop)
        shop.index_keeper.catch_up()
        photo, parts = outfit
        kinds = ("dress", "jacket", "sneakers")
        with point_out(shop, [(photo, list(zip(parts, kinds, strict=True)))]):
            yield shop


@pytest.fixture
def photographer(shop_with_eyes: Shop, stage: str, language: str) -> Iterator[People]:
    """Like `person`, in the shop that sees."""
    with ExitStack() as stack:
        make = _drivers(stage, shop_with_eyes, stack)
        yield lambda name: Talk(make(name, language), language)


@pytest.fixture
def person(shop: Shop, stage: str, language: str) -> Iterator[People]:
    """Somebody at the stage's channel, speaking the journey's language."""
    with ExitStack() as stack:
        make = _drivers(stage, shop, stack)
        yield lambda name: Talk(make(name, language), language)


def _drivers(stage: str, shop: Shop, stack: ExitStack) -> Callable[[str, str], Driver]:
    """Makes people of one channel; what the channel needs lives as long as `stack`."""
    if stage in ("memory", ON_POSTGRESQL):
        from tests.journeys.drivers.memory import MemoryDriver

        recorder = Recorder(shop.media)
        worker = Worker(shop, [recorder])
        return lambda name, language: MemoryDriver(shop, recorder, worker, name.lower(), language=language, name=name)
    if stage == "webchat":
        from bot.channels import build_channels
        from shoppable import create_app
        from tests.journeys.drivers.webchat import Watch, WebChatDriver

        app = create_app(shop)
        watch = Watch(app)
        answering = Worker(shop, [build_channels(shop.settings, shop.media)["webchat"]])
        return lambda name, language: WebChatDriver(shop, app, answering, language=language, later=watch.later)
    if stage == "terminal":
        from tests.journeys.drivers.terminal import TerminalDriver

        def at_a_terminal(name: str, language: str) -> Driver:
            driver = TerminalDriver(shop, language)
            stack.callback(driver.close)
            return driver

        return at_a_terminal
    from tests.journeys.drivers.telegram import TelegramRig

    rig = stack.enter_context(TelegramRig(shop, "webhook" if stage == "telegram-webhook" else "polling"))
    chats = count(1001)
    return lambda name, language: rig.driver(next(chats), name, language)


@pytest.fixture
def timekeeper(shop: Shop) -> Worker:
    """Brings about what only time brings about; whoever serves the channel delivers it."""
    return Worker(shop, [])


def _member(shop: Shop, login: str, store_id: str, language: str) -> StaffMember:
    place = Place(login.capitalize(), Role.STAFF, (store_id,), (language,), ())
    added = shop.storage.write(lambda uow: shop.team.add(uow, login, place, actor="journey"))
    assert isinstance(added, StaffMember), added
    return added


@pytest.fixture
def nadia(shop: Shop, language: str) -> Board:
    """At the board of Bellecour. Who hears of what she does hears it when they listen next."""
    return Board(shop, _member(shop, "nadia", "S1", language), language)


@pytest.fixture
def at_part_dieu(shop: Shop, language: str) -> Board:
    """Somebody at the board of Part-Dieu."""
    return Board(shop, _member(shop, "part-dieu", "S2", language), language)


@pytest.fixture
def nadia_sees(shop_with_eyes: Shop, language: str) -> Board:
    """Nadia in the shop that sees."""
    return Board(shop_with_eyes, _member(shop_with_eyes, "nadia", "S1", language), language)
