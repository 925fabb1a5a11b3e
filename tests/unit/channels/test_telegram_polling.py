"""Polling: an update is confirmed to Telegram only once it is committed here, and takes effect once."""

import threading
import time
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from bot import polling as polling_module
from bot.polling import poll, poll_staff
from commerce.errors import SettingsError, StorageBusy
from commerce.settings import Settings
from commerce.storage import open_storage


@pytest.fixture
def shop(sqlite_url, telegram, clock, tmp_path):
    storage = open_storage(sqlite_url)
    settings = Settings(data_dir=tmp_path, telegram_token=telegram.token, telegram_api_url=telegram.url)
    yield SimpleNamespace(settings=settings, clock=clock, storage=storage)
    storage.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Whatever went wrong is tried again soon, and then later and later as ever."""
    monkeypatch.setattr(polling_module, "_BACKOFF_S", 0.05)


class Polling:
    def __init__(self, shop, poll=poll, **options) -> None:
        self.stop = threading.Event()
        self.woken = threading.Event()
        arguments = {"wake": self.woken.set, "long_poll_s": 5, **options}
        self.thread = threading.Thread(target=poll, args=(shop, self.stop), kwargs=arguments, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive(), "it stops at once, not after the long poll"


def until(condition, within_s=15.0):
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.01)


def events(shop) -> list[str]:
    """Event ids that wait, lane by lane; takes them out."""

    def take(uow):
        found = []
        for lane in uow.inbox.waiting_lanes(shop.clock.now(), 100):
            while (row := uow.inbox.next_in(lane, shop.clock.now())) is not None:
                found.append(row.event.event_id)
                uow.inbox.done(row.id, shop.clock.now())
        return found

    return shop.storage.write(take)


def test_updates_reach_the_inbox_once_and_wake_the_worker(shop, telegram):
    lea = telegram.person(1001)
    lea.say("avant")
    with Polling(shop) as polling:
        until(lambda: telegram.pending == 0)
        assert polling.woken.wait(5)
        lea.say("après")
        until(lambda: telegram.pending == 0)
    assert len(events(shop)) == 2
    with Polling(shop):
        lea.say("encore")
        until(lambda: telegram.pending == 0)
    assert len(events(shop)) == 1


def test_what_could_not_be_committed_is_not_confirmed(shop, telegram):
    failures = [StorageBusy("locked")] * 2

    class Trouble:
        def read(self):
            return shop.storage.read()

        def write(self, work):
            if failures:
                raise failures.pop()
            return shop.storage.write(work)

    telegram.person(1001).say("robe")
    troubled = SimpleNamespace(settings=shop.settings, clock=shop.clock, storage=Trouble())
    with Polling(troubled):
        until(lambda: len(failures) < 2)
        assert telegram.pending == 1, "Telegram still has it"
        until(lambda: telegram.pending == 0)
    assert len(events(shop)) == 1


def test_a_crash_between_commit_and_confirmation_repeats_nothing(shop, telegram):
    telegram.person(1001).say("robe")
    with Polling(shop):
        until(lambda: telegram.pending == 0)
    telegram.set_webhook("", "", None, 40, drop=False)
    update_id = 900_000_001
    telegram._pending.append({"update_id": update_id, "message": _message(telegram, "robe")})  # given again
    shop.storage.write(lambda uow: uow.state.delete("poll:telegram:700700700"))
    with Polling(shop):
        until(lambda: telegram.pending == 0)
    assert events(shop) == [str(update_id)]


def _message(telegram, text):
    person = telegram.person(1001)
    return {"message_id": 1, "from": person.user, "chat": person.chat, "date": telegram.now_s(), "text": text}


def test_one_update_that_nobody_understands_holds_up_no_other(shop, telegram):
    lea = telegram.person(1001)
    telegram._pending.append({"update_id": 5, "hologram": {"from": 1}})
    telegram._pending.append({"update_id": 6, "message": {"text": ["not", "a", "text"]}})
    lea.say("robe")
    with Polling(shop):
        until(lambda: telegram.pending == 0)
    assert events(shop) == ["900000001"]


def test_a_webhook_is_removed_and_nothing_that_waits_is_dropped(shop, telegram):
    lea = telegram.person(1001)
    lea.say("robe")
    telegram.set_webhook("https://shop.example/hooks/telegram", "secret", None, 40, drop=False)
    with Polling(shop):
        until(lambda: telegram.pending == 0)
    assert telegram.webhook_info()["url"] == ""
    assert len(events(shop)) == 1


def test_another_poller_is_survived_and_named(shop, telegram, capsys):
    lea = telegram.person(1001)
    with Polling(shop):
        until(lambda: any(call.method == "deleteWebhook" for call in telegram.calls))
        time.sleep(0.1)
        telegram.end_polls()  # as another getUpdates does
        until(lambda: any(call.code == 409 for call in telegram.calls))
        lea.say("robe")
        until(lambda: telegram.pending == 0)
    assert len(events(shop)) == 1
    assert "another process polls for this bot" in capsys.readouterr().out


def test_faults_of_telegram_are_waited_out(shop, telegram):
    telegram.fail("getUpdates", status=502)
    telegram.fail("getUpdates", status=429, retry_after_s=1)
    telegram.fail("getUpdates", drop=True)
    telegram.person(1001).say("robe")
    with Polling(shop):
        until(lambda: telegram.pending == 0, within_s=30)
    assert len(events(shop)) == 1


def test_taps_are_acknowledged_after_the_commit(shop, telegram):
    lea = telegram.person(1001)
    lea.start()
    telegram.fail("answerCallbackQuery", status=500)  # the first time in vain: nothing depends on it
    from vitrine.standins.telegram.methods import perform

    markup = {"inline_keyboard": [[{"text": "Oui", "callback_data": "y"}]]}
    perform(telegram, "sendMessage", {"chat_id": 1001, "text": "?", "reply_markup": markup}, {})
    with Polling(shop):
        lea.tap("Oui")
        until(lambda: telegram.pending == 0)
        lea.tap("Oui")
        until(lambda: telegram.answered_taps == 1)
        until(lambda: telegram.pending == 0)
    assert len(events(shop)) == 3


def test_without_a_token_it_says_which_setting_is_missing(shop, tmp_path):
    shop.settings = Settings(data_dir=tmp_path)
    with pytest.raises(SettingsError, match="VITRINE_TELEGRAM_TOKEN"):
        poll(shop, threading.Event())


def test_the_staff_s_bot_is_polled_beside_the_shopper_s(shop, telegram):
    staff = telegram.another_bot()
    settings = shop.settings.model_copy(update={"staff_telegram_token": SecretStr(staff.token)})
    both = SimpleNamespace(settings=settings, clock=shop.clock, storage=shop.storage)
    telegram.person(1001).say("robe")
    staff._pending.append({"update_id": 5, "hologram": {"from": 1}})
    nadia = staff.person(2001, "Nadia")
    nadia.say("/board")
    with Polling(both), Polling(both, poll_staff) as polling:
        until(lambda: telegram.pending == staff.pending == 0)
        assert polling.woken.wait(5)
        nadia.say("/help")
        until(lambda: staff.pending == 0)
    with shop.storage.read() as uow:
        lanes = uow.inbox.waiting_lanes(shop.clock.now(), 10)
    assert sorted(lanes) == ["telegram-staff:700700701:2001", "telegram:700700700:1001"]
    assert len(events(shop)) == 3


def test_without_a_token_the_staff_s_bot_is_not_polled(shop):
    with pytest.raises(SettingsError, match="VITRINE_STAFF_TELEGRAM_TOKEN"):
        poll_staff(shop, threading.Event())
