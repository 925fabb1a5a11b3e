"""What the processes say of themselves: one line an event on standard error, JSON in UTC unless a person is looking.

Bodies, names, phones and addresses stay out: modules log identifiers and reasons.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

_CHATTY = {
    "waitress.queue": logging.ERROR,  # says "queue depth is 1" whenever two requests come together
    "alembic": logging.WARNING,
    "aiogram": logging.WARNING,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,  # says every address, and with it the token of a bot
    "telegram": logging.WARNING,
}


def configure_logs(*, level: int = logging.WARNING, stream: TextIO | None = None) -> None:
    """Sends the logs of our modules and of the libraries to one place. Standard output stays for answers."""
    import structlog

    out = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    for_people = out.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    errors: list[structlog.typing.Processor] = [] if for_people else [structlog.processors.dict_tracebacks]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *errors, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _CHATTY.items():
        logging.getLogger(name).setLevel(max(level, least))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
