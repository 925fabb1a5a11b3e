"""What openapi.json says, and whether an answer is as it says."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from tests.unit.shoppable.shop_values import KEY

ORIGIN = {"Origin": "http://127.0.0.1:8000"}
HOST = {"base_url": "http://127.0.0.1:8000"}
BEARER = {"Authorization": f"Bearer {KEY}"}
SELLING = ("/api/v1/carts", "/api/v1/checkout", "/api/v1/orders")  # see test_selling_api.py


def check(described: dict[str, Any], path: str, method: str, answer: TestResponse) -> Any:
    """The answer's JSON, after validating it against the description of this path."""
    responses = described["paths"][path][method]["responses"]
    assert str(answer.status_code) in responses, (path, method, answer.status_code, answer.text)
    content = responses[str(answer.status_code)].get("content", {})
    if not content:
        return answer.json if answer.is_json else None
    assert answer.mimetype in content, answer.mimetype
    schema = {**content[answer.mimetype]["schema"], "components": described["components"]}
    Draft202012Validator(schema).validate(answer.json)
    return answer.json
