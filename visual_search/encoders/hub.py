"""Loading what may have to come from a model hub: what lies on this machine is used without asking anybody."""

from __future__ import annotations

import logging
import socket
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from visual_search.errors import EncoderUnavailable

_Loaded = TypeVar("_Loaded")
_REACH_S = 5.0
"""The hub's own client tries five times over 40 s before it believes that there is no network."""


def from_here_or_hub(name: str, load: Callable[[], _Loaded]) -> _Loaded:
    """What `load` returns: from the local cache if that has everything, else through the hub. `name` is for the
    message. Raises EncoderUnavailable for whatever goes wrong: the libraries behind raise dozens of things."""
    from huggingface_hub import constants

    with _quiet():
        offline = constants.HF_HUB_OFFLINE
        constants.HF_HUB_OFFLINE = True
        try:
            return load()
        except Exception as broken:
            missing = broken
        finally:
            constants.HF_HUB_OFFLINE = offline
        if not _is_about_the_hub(missing):
            with said_plainly(name):
                raise missing
        if offline or not _reachable(constants.ENDPOINT):
            raise EncoderUnavailable(
                f"{name} is not on this machine, and {constants.ENDPOINT} cannot be reached to fetch it"
            ) from missing
        with said_plainly(name):
            return load()


@contextmanager
def said_plainly(name: str) -> Iterator[None]:
    """Turns whatever goes wrong inside into EncoderUnavailable, in one line."""
    try:
        yield
    except EncoderUnavailable:
        raise
    except Exception as broken:
        lines = str(broken).strip().splitlines() or ["no reason given"]
        raise EncoderUnavailable(f"{name} cannot be loaded: {type(broken).__name__}: {lines[0][:300]}") from broken


def _is_about_the_hub(error: BaseException) -> bool:
    """Somewhere in the chain the hub's client said that a file is not here. open_clip keeps its words, not its type."""
    words = ""
    chain: BaseException | None = error
    while chain is not None:
        words += f"{type(chain).__module__} {chain} "
        chain = chain.__cause__ or chain.__context__
    return "huggingface_hub" in words or " Hub" in words or "pretrained weights" in words


def _reachable(address: str) -> bool:
    """Whether somebody listens there. Behind a proxy only the proxy could tell: then it is believed."""
    parts = urlsplit(address)
    if urllib.request.getproxies():
        return True
    try:
        socket.create_connection((parts.hostname or "", parts.port or 443), _REACH_S).close()
    except (OSError, RuntimeError):
        return False
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """What open_clip says through logging's own functions is in its exceptions too."""

    def drop(record: logging.LogRecord) -> bool:
        return False

    root = logging.getLogger()
    root.addFilter(drop)
    try:
        yield
    finally:
        root.removeFilter(drop)
