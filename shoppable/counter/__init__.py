"""The counter: pages for the people who work here, under /staff. Each module declares its pages when it is imported."""

from __future__ import annotations

from shoppable.counter import access, account, frame, record, sign_in, staff_bot, team
from shoppable.counter.blueprint import blueprint

__all__ = ["ROOMS", "blueprint"]

ROOMS = (sign_in, account, staff_bot, team, record)

access.install(blueprint)
frame.install(blueprint)
