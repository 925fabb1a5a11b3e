"""A stand-in for Square: real HTTP on this machine, as strict as the real one, shoppers at its page, and a till.

    with SquareStandIn() as square:
        square.set_webhook("http://127.0.0.1:8000/hooks/square", square.signature_key)
        ...                                    # the shop makes a payment link
        square.pay(session_ref)                # the shopper pays on its page; "declined", "debit" in other ways
        square.count("VARIATION", "7")         # the till counts
        square.fail("links.create", Fault(drop=True))

Set VITRINE_SQUARE_API_URL to `square.url`, VITRINE_SQUARE_TOKEN to `square.token`, VITRINE_SQUARE_LOCATION to
`square.location`. Payment links, orders, payments, refunds and signed events, as
https://developer.squareup.com/reference/square describes them; what it does not know it refuses.
"""

from vitrine.standins.provider import Call, Fault
from vitrine.standins.square.checks import Refused
from vitrine.standins.square.server import SquareStandIn

__all__ = ["Call", "Fault", "Refused", "SquareStandIn"]
