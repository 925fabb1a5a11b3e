"""What goes wrong, said once: problem details (RFC 9457) for machines, a friendly page for people."""

from __future__ import annotations

import json
import logging

from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from commerce.errors import StaleVersion, StorageError
from shoppable.language import language, translate

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"


class Problem(Exception):
    """An expected failure of a request. `code` is stable, for programs; `detail` is a msgid for people."""

    def __init__(
        self, status: int, code: str, detail: str, /, *, retry_after_s: float | None = None, **values: object
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.detail, self.values = status, code, detail, values
        self.retry_after_s = retry_after_s


# Title of the page or problem by status; anything else reads like its class (4xx, 5xx).
_TITLES = {
    400: "This request cannot be understood",
    401: "A key is needed",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "This has changed meanwhile",
    413: "Too large",
    415: "Unknown format",
    422: "Something in this request is not right",
    429: "A little too fast",
    500: "Something went wrong on our side",
    503: "One moment, please",
}
_DETAILS = {
    404: "There is nothing at this address, or not any more.",
    405: "This address exists, but not for what was asked of it.",
    413: "What you sent is larger than we can take.",
    500: "It is not your fault. Please try again in a moment.",
    503: "The shop is busy. Please try again in a moment.",
}


def is_for_machines() -> bool:
    if g.get("for_machines"):  # a script of a page that asked for a part of it
        return True
    return request.path.startswith("/api/") or request.path in {"/healthz", "/readyz", "/metrics"}


def _title(status: int) -> str:
    return translate(_TITLES.get(status, _TITLES[500] if status >= 500 else _TITLES[400]))


def body_of(status: int, code: str, detail: str) -> dict[str, object]:
    """Problem details as JSON values; `detail` is already in the caller's language."""
    return {
        "type": f"urn:vitrine:problem:{code}",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.get("request_id", ""),
    }


def answer(status: int, code: str, detail: str, *, retry_after_s: float | None = None) -> Response:
    """The answer for a failure; `detail` is already in the caller's language."""
    response: Response
    if is_for_machines():
        body = body_of(status, code, detail)
        response = Response(json.dumps(body, ensure_ascii=False), status, mimetype=PROBLEM_JSON)
    else:
        page = render_template("error.html", title=_title(status), detail=detail, status=status)
        response = Response(page, status, mimetype="text/html")
    response.headers["Content-Language"] = language()
    response.headers["Cache-Control"] = "no-store"
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, round(retry_after_s)))
    return response


def _problem(problem: Problem) -> Response:
    detail = translate(problem.detail, **problem.values)
    return answer(problem.status, problem.code, detail, retry_after_s=problem.retry_after_s)


def _http(error: HTTPException) -> AnyResponse:
    status = error.code or 500
    if error.response is not None or status < 400:  # redirects and answers that are ready
        return error.get_response()
    code = "too_large" if isinstance(error, RequestEntityTooLarge) else error.name.lower().replace(" ", "_")
    response = answer(status, code, translate(_DETAILS.get(status, _TITLES.get(status, _TITLES[400]))))
    for name, value in error.get_headers(request.environ):
        if name.lower() == "allow":
            response.headers[name] = value
    return response


def _busy(error: StorageError | StaleVersion) -> Response:
    log.warning("storage refused: %s", error)
    return answer(503, "busy", translate(_DETAILS[503]), retry_after_s=1)


def _surprise(error: Exception) -> Response:
    log.exception("unexpected failure, request %s", g.get("request_id", "?"))
    return answer(500, "internal", translate(_DETAILS[500]))


def install(app: Flask) -> None:
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StorageError, _busy)
    app.register_error_handler(StaleVersion, _busy)  # many at the same thing, and none of our tries came through
    app.register_error_handler(Exception, _surprise)
