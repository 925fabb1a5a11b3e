"""Customers for whoever runs the shop: one line a person, with the doors they use. No address of theirs is told."""

from __future__ import annotations

import re
from datetime import UTC

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from commerce.domain.customer import Customer
from commerce.ports import UnitOfWork
from shoppable import inputs
from shoppable.api.openapi import Operation, Parameter, describes
from shoppable.api.operators import require_key
from shoppable.problems import Problem
from shoppable.shapes import CustomerFacts, CustomersListed
from shoppable.site import site

blueprint = Blueprint("api_customers", __name__, url_prefix="/api/v1")
blueprint.before_request(require_key)

MOST = 100
_ID = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/customers")
@describes(
    Operation(
        "Customers; two that were linked are one",
        {200: CustomersListed},
        (
            Parameter("limit", "At most so many.", {"type": "integer", "minimum": 1, "maximum": MOST, "default": MOST}),
            Parameter("cursor", "The `next_cursor` of the answer before."),
        ),
        problems=(400, 401, 429),
        key=True,
    )
)
def customers() -> ResponseReturnValue:
    limit = inputs.whole_number("limit", default=MOST, least=1, most=MOST) or MOST
    after = request.args.get("cursor", "")
    if after and not _ID.fullmatch(after):
        raise Problem(400, "bad_parameter", "“{name}” is not one of ours.", name="cursor")
    with site().shop.storage.read() as uow:
        found = uow.customers.after(after, limit + 1)
        listed = [_facts(uow, customer) for customer in found[:limit]]
    more = len(found) > limit
    answer: CustomersListed = {"customers": listed, "next_cursor": listed[-1]["id"] if more else None}
    response = jsonify(answer)
    response.headers["Cache-Control"] = "no-store"
    return response


def _facts(uow: UnitOfWork, customer: Customer) -> CustomerFacts:
    return {
        "id": customer.id,
        "name": customer.name,
        "language": customer.language,
        "channels": list(dict.fromkeys(contact.channel for contact in uow.customers.contacts(customer.id))),
        "came_from": customer.came_from,
        "created_at": customer.created_at.astimezone(UTC).isoformat(),
    }
