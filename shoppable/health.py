"""What operators and their tools ask: alive, ready, and how busy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from commerce.errors import StorageError
from commerce.ports import UnitOfWork
from shoppable.keys import given_key_is_valid
from shoppable.limits import is_loopback
from shoppable.observe import METRICS, WebMetrics
from shoppable.site import Site, site

blueprint = Blueprint("health", __name__)

HEARTBEAT = "heartbeat:worker"  # a key of `uow.state`, which workers renew and which expires when they stop
_PROBE = "probe:web"
_LEAST_FREE_FRAC = 0.05
_MOST_LANES = 1000


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Everything needed to serve shoppers works; otherwise 503 with a stable word for each thing that does not.

    Photo search is told of beside: without it, or while another encoder's index is being built, the shop is open.
    """
    reasons = list(_reasons(site()))
    status = "unready" if reasons else "ready"
    response = jsonify({"status": status, "reasons": reasons, "photo_search": _photo_search(site())})
    response.headers["Cache-Control"] = "no-store"
    return response, 503 if reasons else 200


def _photo_search(here: Site) -> dict[str, object]:
    """Without the encoders' names: they may be paths of this machine."""
    eyes = here.shop.image_matcher.describe()
    told = {
        "state": eyes["state"],
        "revision": eyes["revision"],
        "pictures": eyes["pictures"],
        "changing_encoder": bool(eyes["next_encoder"]),
        "why": eyes["why"],
    }
    return {**told, "pictures_of_the_next": eyes["next_pictures"]} if told["changing_encoder"] else told


def _reasons(here: Site) -> Iterator[str]:
    shop = here.shop
    now = shop.clock.now()

    def write(uow: UnitOfWork) -> None:
        uow.state.put(_PROBE, "{}", now + timedelta(hours=1))

    try:
        shop.storage.write(write)
        with shop.storage.read() as uow:
            if uow.state.get(HEARTBEAT, now) is None:
                yield "worker_silent"
            if uow.products.count() > 0 and len(shop.text_index) == 0:
                yield "index_empty"
    except StorageError:
        yield "database"
    disk = shutil.disk_usage(shop.settings.data_dir)
    if disk.free < disk.total * _LEAST_FREE_FRAC:
        yield "disk_full"


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Counters for Prometheus: on this machine, or with one of the shop's keys. For others there is nothing here."""
    if not (is_loopback(request.remote_addr) or given_key_is_valid()):
        abort(404)
    shop, counters = site().shop, _counters()
    now = shop.clock.now()
    with shop.storage.read() as uow:
        counters.products.set(uow.products.count())
        counters.waiting.labels("inbox").set(len(uow.inbox.waiting_lanes(now, _MOST_LANES)))
        counters.waiting.labels("outbox").set(len(uow.outbox.waiting_lanes(now, _MOST_LANES)))
    counters.indexed.set(len(shop.text_index))
    return Response(generate_latest(counters.registry), content_type=CONTENT_TYPE_LATEST)


def _counters() -> WebMetrics:
    counters = current_app.extensions[METRICS]
    assert isinstance(counters, WebMetrics)
    return counters
