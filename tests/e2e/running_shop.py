"""A whole shop behind a real server, and a real browser in front of it."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.channels import rules_of_channels
from commerce.ports import Clock
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from vitrine.serve import running

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    # Chromium loads pages of its own into each new window, for an address bar that nobody sees: a third of the work.
    # The last such list counts: what playwright turns off (`disabledFeatures` in its coreBundle.js) stands here too.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch",
]


class NoBrowser(Exception):
    """Says why there is none."""


def chromium() -> str:
    """Path of the browser (VITRINE_CHROMIUM overrides). Raises NoBrowser."""
    for path in (os.environ.get("VITRINE_CHROMIUM"), "/usr/bin/chromium", shutil.which("chromium-browser")):
        if path and Path(path).exists():
            return path
    raise NoBrowser("no chromium (set VITRINE_CHROMIUM to its path)")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Raises NoBrowser."""
    path = chromium()
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as missing:
        raise NoBrowser("the package playwright is not installed") from missing
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        except Error as error:
            raise NoBrowser(f"{path} does not start: {str(error).splitlines()[0]}") from error
        try:
            yield browser
        finally:
            browser.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_shop(
    folder: Path, fill: Callable[[Shop], None], *, clock: Clock | None = None, **settings: object
) -> Iterator[tuple[Shop, str]]:
    """The shop filled, with pages and worker running on a free port; yields it with the address of its pages."""
    port = _free_port()
    values: dict[str, object] = {
        "data_dir": folder,
        "secret_key": "s" * 32,
        "port": port,
        "base_url": f"http://127.0.0.1:{port}",  # payment pages lead back to it
        "encoder": "none",
        "web_threads": 24,
    }
    with build_shop(load_settings(**(values | settings)), clock=clock, channels=rules_of_channels()) as shop:
        fill(shop)
        with running(shop, web=True, worker=True) as address:
            yield shop, address
