"""What operators see of the web: an id for every request, one line in the log for each, and counters."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shoppable.site import site

log = logging.getLogger("shoppable.requests")

METRICS = "vitrine_metrics"


class WebMetrics:
    """Counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "vitrine_http_requests", "Answered requests.", ["route", "method", "status"], registry=self.registry
        )
        self.duration = Histogram(
            "vitrine_http_request_seconds", "Seconds until the answer was ready.", ["route"], registry=self.registry
        )
        self.products = Gauge("vitrine_products", "Products on sale.", registry=self.registry)
        self.indexed = Gauge("vitrine_indexed_products", "Products in the text index.", registry=self.registry)
        self.waiting = Gauge(
            "vitrine_waiting_lanes", "Conversations with something to do (at most 1000 are counted).", ["box"],
            registry=self.registry,
        )  # fmt: skip


def install(app: Flask) -> None:
    metrics = WebMetrics()
    app.extensions[METRICS] = metrics

    def begin() -> None:
        g.began_s = time.perf_counter()
        g.request_id = site().shop.ids.new_id()

    def end(response: Response) -> Response:
        took_s = time.perf_counter() - g.get("began_s", time.perf_counter())
        route = request.url_rule.rule if request.url_rule else "(none)"
        response.headers["X-Request-Id"] = g.get("request_id", "")
        method = request.method if request.method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} else "OTHER"
        metrics.requests.labels(route, method, str(response.status_code)).inc()
        metrics.duration.labels(route).observe(took_s)
        # The route and never the address: what people search for and their codes stay out of the log.
        log.info("%s %s %s %.1f ms id=%s", method, route, response.status_code, took_s * 1000, g.get("request_id", ""))
        return response

    app.before_request(begin)
    app.after_request(end)
