"""Customers for operators: a key is needed, linked ones are one, addresses stay untold."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from commerce.domain.customer import Contact
from commerce.domain.linking import Linked, TokenPurpose
from commerce.wiring import Shop
from shoppable import create_app
from tests.unit.shoppable.shop_values import KEY

PATH = "/api/v1/customers"
PHONE, BROWSER = Contact("telegram", "bot", "1001"), Contact("webchat", "web", "c0ffee")
WITH_KEY = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def shop(make_shop) -> Shop:
    return make_shop(api_keys=KEY)


@pytest.fixture
def client(shop: Shop) -> FlaskClient:
    return create_app(shop).test_client()


def listed(client: FlaskClient, query: str = "") -> dict:
    answer = client.get(PATH + query, headers=WITH_KEY)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_two_that_were_linked_are_one_with_two_channels(shop: Shop, client: FlaskClient):
    people = [
        shop.storage.write(lambda uow, c=contact: shop.customers.recognise(uow, c, name=name, language="fr"))
        for contact, name in ((PHONE, "Léa"), (BROWSER, ""))
    ]
    assert {customer["id"] for customer in listed(client)["customers"]} == {person.id for person in people}
    shop.storage.write(lambda uow: uow.customers.came_from(people[1].id, "link:window"))
    token = shop.storage.write(lambda uow: shop.linking.offer(uow, people[1].id, BROWSER, TokenPurpose.LINK))
    linked = shop.storage.write(lambda uow: shop.linking.accept(uow, token, PHONE))
    assert isinstance(linked, Linked)
    (one,) = listed(client)["customers"]
    assert (one["id"], one["name"], one["language"]) == (people[0].id, "Léa", "fr")
    assert one["came_from"] == "link:window"
    assert sorted(one["channels"]) == ["telegram", "webchat"]
    assert "1001" not in json.dumps(one)
    shop.storage.write(lambda uow: shop.linking.unlink(uow, people[0].id))
    assert sorted(len(customer["channels"]) for customer in listed(client)["customers"]) == [1, 1]


def test_all_are_found_page_by_page(shop: Shop, client: FlaskClient):
    for number in range(7):
        contact = Contact("telegram", "bot", str(number))
        shop.storage.write(lambda uow, c=contact: shop.customers.recognise(uow, c))
    seen, query = [], "?limit=3"
    while True:
        answer = listed(client, query)
        seen += [customer["id"] for customer in answer["customers"]]
        if answer["next_cursor"] is None:
            break
        query = f"?limit=3&cursor={answer['next_cursor']}"
    assert len(seen) == len(set(seen)) == 7


def test_nobody_else_may_look(shop: Shop, client: FlaskClient, make_shop):
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get(f"{PATH}?cursor=nonsense", headers=WITH_KEY).status_code == 400
    assert client.get(f"{PATH}?limit=1000", headers=WITH_KEY).status_code == 400


def test_without_keys_there_is_no_such_route(make_shop):
    assert create_app(make_shop()).test_client().get(PATH, headers=WITH_KEY).status_code == 404
