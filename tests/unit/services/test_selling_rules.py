"""What selling is set to: rates, countries, and how long stock waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commerce.errors import SettingsError
from commerce.payments.fake import FakeProvider
from commerce.settings import load_settings, rates_bp
from tests.unit.services.till import open_till


def test_rates_are_told_in_percent_by_category():
    assert rates_bp("*=20,books=5.5, food = 2.1") == {"*": 2000, "books": 550, "food": 210}
    assert rates_bp("*=0") == {"*": 0}


@pytest.mark.parametrize(
    "text", ["", "books=5.5", "*", "*=", "*=twenty", "*=20%", "*=-1", "*=101", "*=NaN", "=5,*=20", "*=5.555"]
)
def test_rates_that_make_no_sense_stop_the_start(text: str, tmp_path):
    with pytest.raises(SettingsError, match="TAX_RATES"):
        load_settings(data_dir=tmp_path, tax_rates=text)


def test_countries_are_two_letters(tmp_path):
    assert load_settings(data_dir=tmp_path, delivery_countries="fr, BE").delivery_countries == ("FR", "BE")
    with pytest.raises(SettingsError, match="DELIVERY_COUNTRIES"):
        load_settings(data_dir=tmp_path, delivery_countries="France")


@pytest.mark.parametrize(("minutes", "starts"), [(34, False), (35, True)])
def test_stock_waits_longer_than_any_session_can_be_paid(storage, clock, ids, tmp_path, minutes: int, starts: bool):
    class HalfAnHour(FakeProvider):
        session_s = 30 * 60

    def start() -> None:
        open_till(storage, clock, ids, tmp_path, provider=HalfAnHour, payment_hold=timedelta(minutes=minutes))

    if starts:
        start()
    else:
        with pytest.raises(SettingsError, match="PAYMENT_HOLD_S: at least 2100"):
            start()
