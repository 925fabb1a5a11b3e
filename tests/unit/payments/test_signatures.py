"""Who may say that money came: the vectors that were worked out apart from this code, and everything beside them."""

from datetime import UTC, datetime, timedelta

import pytest

from commerce.payments.square.verify import verify as square_verify
from commerce.payments.stripe.verify import verify as stripe_verify

AT = datetime.fromtimestamp(1_700_000_000, UTC)
STRIPE_BODY = (
    b'{"id":"evt_test_1","object":"event","type":"checkout.session.completed","data":{"object":{"id":"cs_test_1",'
    b'"client_reference_id":"ord_1","payment_status":"paid","amount_total":4999,"currency":"cad"}}}'
)
NEW, OLD = "whsec_test_new", "whsec_test_old"
BY_NEW = "87890f09490ac92223d9d2cd75daf62b0d661d66f2852ddbf9abddcc73784f59"
BY_OLD = "0c180b2ee843c2da3bb03af37347103e489bb55483b07e559a6e1205ae50002c"


def stripe(header: str | None, secrets=(NEW,), body: bytes = STRIPE_BODY, now: datetime = AT) -> bool:
    return stripe_verify(body, {} if header is None else {"stripe-signature": header}, secrets, now)


@pytest.mark.parametrize(
    ("header", "secrets"),
    [
        (f"t=1700000000,v1={BY_NEW}", (NEW,)),
        (f"t=1700000000,v1={BY_OLD}", (OLD,)),
        (f"t=1700000000,v1={BY_NEW},v1={BY_OLD}", (NEW,)),
        (f"t=1700000000,v1={BY_OLD},v1={BY_NEW}", (NEW,)),
        (f"t=1700000000,v1={BY_NEW},v1={BY_OLD}", (OLD,)),
        (f"t=1700000000,v1={BY_OLD}", (NEW, OLD)),  # we roll: the old one still counts
        (f"t=1700000000,v1={BY_NEW},v0={BY_OLD}", (NEW,)),
        (f"v1={BY_NEW},t=1700000000", (NEW,)),
    ],
)
def test_stripes_signature_is_taken_under_every_secret_that_is_in_force(header, secrets):
    assert stripe(header, secrets)


@pytest.mark.parametrize(
    ("header", "secrets"),
    [
        (None, (NEW,)),
        ("", (NEW,)),
        (f"t=1700000000,v1={BY_NEW}", ()),  # no secret: nothing passes
        (f"t=1700000000,v1={BY_OLD}", (NEW,)),
        (f"t=1700000000,v0={BY_NEW}", (NEW,)),
        (f"v1={BY_NEW}", (NEW,)),
        ("t=1700000000", (NEW,)),
        ("t=1700000000,v1=", (NEW,)),
        (f"t=1700000001,v1={BY_NEW}", (NEW,)),
        (f"t=01700000000,v1={BY_NEW}", (NEW,)),
        (f"t=1700000000,t=1700000000,v1={BY_NEW}", (NEW,)),
        (f"t=1700000000.0,v1={BY_NEW}", (NEW,)),
        (f"t=-1700000000,v1={BY_NEW}", (NEW,)),
        (f"t=١٧٠٠٠٠٠٠٠٠,v1={BY_NEW}", (NEW,)),  # digits, though not ours
        (f"t=1700000000,v1={BY_NEW.upper()}", (NEW,)),
        (f"t=1700000000,v1={BY_NEW[:-1]}", (NEW,)),
        (f"t=1700000000, v1={BY_NEW}", (NEW,)),
        (f"t=1700000000,v1={BY_NEW}é", (NEW,)),
        ("é", (NEW,)),
        (b"\xc3\xa9\xff".decode("latin-1"), (NEW,)),
        ("\udcc3\udca9", (NEW,)),
        ("t=1700000000," + ",".join([f"v1={BY_OLD}"] * 40) + f",v1={BY_NEW}", (NEW,)),
        ("=" * 10_000, (NEW,)),
    ],
)
def test_anything_else_is_not_stripes(header, secrets):
    assert not stripe(header, secrets)


def test_stripes_bytes_are_taken_as_they_came():
    good = f"t=1700000000,v1={BY_NEW}"
    for body in (
        STRIPE_BODY + b"\n",
        STRIPE_BODY.replace(b"4999", b"1"),
        b"",
        STRIPE_BODY.replace(b":", b": "),
        b"\xff",
    ):
        assert not stripe(good, body=body)


@pytest.mark.parametrize(("seconds", "taken"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_stripes_time_may_be_five_minutes_off_either_way(seconds, taken):
    assert stripe(f"t=1700000000,v1={BY_NEW}", now=AT + timedelta(seconds=seconds)) is taken


# --- Square ----------------------------------------------------------------------------------------------------------

HOOK = "https://shop.example/hooks/square"
SQUARE_BODY = (
    b'{"merchant_id":"M1","type":"payment.updated","event_id":"11111111-2222-4333-8444-555555555555",'
    b'"data":{"type":"payment","id":"pay_1"}}'
)
SQUARE_KEY = "sq_sig_key_test"
SIGNED = "zKb1cQiUvdwPwszXcjL8Q6a1h9tYCk85VNe6YpejT2E="


def square(header: str | None, keys=(SQUARE_KEY,), body: bytes = SQUARE_BODY, url: str = HOOK) -> bool:
    headers = {} if header is None else {"x-square-hmacsha256-signature": header}
    return square_verify(body, headers, url, keys)


@pytest.mark.parametrize("keys", [(SQUARE_KEY,), ("another key", SQUARE_KEY), (SQUARE_KEY, "another key")])
def test_squares_signature_is_taken_under_every_key_that_is_in_force(keys):
    assert square(SIGNED, keys)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        SIGNED[:-1],
        SIGNED[:-1] + "=" * 2,
        SIGNED.lower(),
        f" {SIGNED}",
        "cca6f5710894bddc0fc2ccd77232fc43a6b587db580a4f3954d7ba6297a34f61",  # hex of what is right in base64
        f"sha256={SIGNED}",
        "é" * 44,
        b"\xc3\xa9\xff".decode("latin-1"),
        "\udcc3\udca9",
        "A" * 100_000,
    ],
)
def test_anything_else_is_not_squares(header):
    assert not square(header)


def test_squares_signature_is_over_the_address_and_the_bytes():
    assert not square(SIGNED, keys=())
    assert not square(SIGNED, keys=("another key",))
    for url in (HOOK + "/", HOOK.replace("https", "http"), HOOK.replace("shop", "evil"), "", HOOK + "?x=1"):
        assert not square(SIGNED, url=url)
    for body in (SQUARE_BODY + b"\n", SQUARE_BODY.replace(b"pay_1", b"pay_2"), b"", b"\xff"):
        assert not square(SIGNED, body=body)


def test_a_signature_under_no_address_is_not_taken():
    """`url + body` must not let a body be moved into an empty address."""
    assert not square(SIGNED, url="", body=HOOK.encode() + SQUARE_BODY)


def test_squares_own_helper_says_the_same():
    from square.utils.webhooks_helper import verify_signature

    for header, good in ((SIGNED, True), (SIGNED[:-2] + "A=", False)):
        theirs = verify_signature(
            request_body=SQUARE_BODY.decode(), signature_header=header, signature_key=SQUARE_KEY, notification_url=HOOK
        )
        assert theirs is good is square(header)
