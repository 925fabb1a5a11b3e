"""One place for logs: standard error, JSON for machines, nothing on standard output."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from vitrine.logs import configure_logs


@pytest.fixture
def lines() -> io.StringIO:
    stream = io.StringIO()
    configure_logs(level=logging.INFO, stream=stream)
    return stream


def test_our_events_and_those_of_libraries_are_json_lines(
    lines: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.get_logger("bot.dispatch").warning("message_failed", inbox=7, reason="été")
    logging.getLogger("some.library").warning("took %s", "long")
    logging.getLogger("some.library").debug("not this")
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (first["event"], first["inbox"], first["reason"], first["level"]) == ("message_failed", 7, "été", "warning")
    assert first["timestamp"].endswith("Z")
    assert (second["event"], second["logger"]) == ("took long", "some.library")
    assert capsys.readouterr().out == ""


def test_a_surprise_keeps_its_trace(lines: io.StringIO) -> None:
    try:
        raise LookupError("nothing there")
    except LookupError:
        structlog.get_logger("x").exception("surprised")
    event = json.loads(lines.getvalue())
    assert event["exception"][0]["exc_type"] == "LookupError"
