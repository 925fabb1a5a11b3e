"""Who may say that money came: the vectors that were worked out apart from this code, and everything beside them."""

from datetime import UTC, datetime, timedelta

import pytest

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
