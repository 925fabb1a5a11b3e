"""The counter: pages for the people who work here, under /staff. Each module declares its pages when it is imported."""

from __future__ import annotations

from shoppable.counter import (
    access,
    account,
    board,
    canned,
    customer,
    frame,
    inbox,
    live,
    orders,
    pick_up,
    record,
    refunds,
    reports,
    returns,
    sign_in,
    staff_bot,
    stock,
    stores,
    team,
)
from shoppable.counter.blueprint import blueprint

__all__ = ["ROOMS", "blueprint"]

ROOMS = (
    sign_in, account, staff_bot, board, pick_up, orders, refunds, returns, stock, stores, inbox, customer, canned,
    reports, team, record, live,
)  # fmt: skip

access.install(blueprint)
frame.install(blueprint)
