"""A stand-in for Stripe: real HTTP on this machine, as strict as the real one, and shoppers at its payment page.

    with StripeStandIn() as stripe:
        stripe.set_webhook("http://127.0.0.1:8000/hooks/stripe", stripe.webhook_secret)
        ...                                    # the shop makes a Checkout Session
        stripe.pay("cs_test_…")                # the shopper pays on its page; "declined", "debit" in other ways
        stripe.fail("refunds.create", Fault(drop=True))

Set VITRINE_STRIPE_API_URL to `stripe.url`, VITRINE_STRIPE_KEY to `stripe.key`. Checkout Sessions, payment intents,
refunds, keys and signed events, as https://docs.stripe.com/api describes them; what it does not know it refuses.
"""

from vitrine.standins.provider import Call, Fault
from vitrine.standins.stripe.checks import Refused
from vitrine.standins.stripe.server import StripeStandIn

__all__ = ["Call", "Fault", "Refused", "StripeStandIn"]
