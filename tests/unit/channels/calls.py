"""Calls of the Bot API, and what is sent with them."""

import io
import json
import urllib.error
import urllib.request

from PIL import Image

from vitrine.standins.telegram import PROVIDER_TOKEN


def picture(size=(1600, 900), kind="PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "navy").save(buffer, kind)
    return buffer.getvalue()


def call(telegram, method, token=None, **arguments):
    body = json.dumps(arguments).encode()
    url = f"{telegram.url}/bot{token or telegram.token}/{method}"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def invoice(**changed):
    prices = [{"label": "Baskets", "amount": 9490}, {"label": "Remise", "amount": -500}]
    made = {"chat_id": 1001, "title": "Commande 1044", "description": "Baskets blanches, 42", "payload": "p" * 32}
    made |= {"provider_token": PROVIDER_TOKEN, "currency": "EUR", "prices": prices, "start_parameter": "invoice"}
    return made | changed


def keyboard(*rows):
    return {"inline_keyboard": [[{"text": text, "callback_data": data} for text, data in row] for row in rows]}
