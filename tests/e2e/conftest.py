"""One shop and one browser for all of these tests; each test gets a window of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from commerce.clock import ManualClock
from commerce.wiring import Shop
from tests.e2e.running_shop import NoBrowser, open_browser, running_shop
from tests.unit.shoppable.shop_values import filled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE_MS = 60_000  # a machine that does other things too may take long; what does not come never comes
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 860}
_LATE = "Transition was aborted because of invalid state"
"""Chromium's own, where a page on a busy machine is shown before the change to it (`@view-transition`) could begin."""
BELLECOUR_SIDE = {"latitude": 45.7600, "longitude": 4.8400}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "e2e: drives a real browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with open_browser() as browser:
            yield browser
    except NoBrowser as reason:
        pytest.skip(str(reason))


OpenShop = Callable[[Path], AbstractContextManager[tuple[Shop, str]]]
"""The shop and the address of its pages."""


@pytest.fixture(scope="session")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> OpenShop:
    """Opens a shop below a folder. Tuesday 10 March 2026, 10:00 in Paris: the stores have just opened."""
    template = filled(tmp_path_factory.mktemp("filled") / "data")

    def open_in(folder: Path) -> AbstractContextManager[tuple[Shop, str]]:
        return running_shop(
            Path(shutil.copytree(template, folder / "data")),
            lambda shop: None,
            clock=ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC)),
            shop_name="Maison Test",
            fake_payments=True,
            telegram_username="maison_bot",
        )

    return open_in


@pytest.fixture
def running(open_shop: OpenShop, tmp_path: Path) -> Iterator[tuple[Shop, str]]:
    with open_shop(tmp_path) as shop_and_address:
        yield shop_and_address


@pytest.fixture
def shop(running: tuple[Shop, str]) -> Shop:
    return running[0]


@pytest.fixture
def address(running: tuple[Shop, str]) -> str:
    return running[1]


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens a window; at the end nothing may have gone wrong in it that nobody saw."""
    contexts, troubles = [], []

    def open_window(language: str = "en", size: dict[str, int] = DESK, **more: Any) -> Page:
        context = browser.new_context(
            base_url=address,
            locale=language,
            viewport=size,  # type: ignore[arg-type]
            geolocation=BELLECOUR_SIDE,  # type: ignore[arg-type]
            permissions=["geolocation"],
            **more,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}") if _LATE not in str(error) else None)
        page.on(
            "console",
            lambda line: (
                troubles.append(f"{page.url}: {line.text}")
                if line.type == "error" and "Failed to load resource" not in line.text and "ERR_" not in line.text
                else None
            ),
        )
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert troubles == []
