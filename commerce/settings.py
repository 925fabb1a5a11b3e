"""Every setting, in one table: name, type, default, unit and help. Nothing else reads the environment.

A setting is read from `VITRINE_<NAME>` in the environment, else from `vitrine.toml` in the working directory, else
it has its default. Secrets that are not set close the door they guard; they never open it.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from commerce.errors import SettingsError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SHORTEST_SECRET = 16

List = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """The table. Build it with `load_settings()`, which turns mistakes into a SettingsError that names the setting."""

    model_config = SettingsConfigDict(
        env_prefix="VITRINE_", toml_file="vitrine.toml", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    # --- the shop
    data_dir: Path = Field(Path("var"), description="Folder for the database, pictures and indexes.")
    database_url: str = Field("", description="Database; empty: SQLite in the data folder. `postgresql+psycopg://…`.")
    base_url: str = Field("http://127.0.0.1:8000", description="Address under which shoppers reach the pages.")
    shop_name: str = Field("Vitrine", description="The shop's name, as shoppers read it.")
    languages: List = Field(("fr", "en"), description="Languages offered, the first one when in doubt.")
    timezone: str = Field("Europe/Paris", description="Zone of the shop's day, IANA name.")
    currency: str = Field("EUR", pattern="^[A-Z]{3}$", description="Currency of prices, ISO 4217.")
    secret_key: SecretStr = Field(SecretStr(""), description="Signs links and cookies; empty: one is made and kept.")
    api_keys: SecretStr = Field(SecretStr(""), description="Keys for writing through the JSON API, by commas.")
    maps_url: str = Field(
        "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=17/{latitude}/{longitude}",
        description="Link for directions to a store.",
    )

    terms_url: str = Field("", description="Address of the terms of sale, linked at the checkout; empty: no link.")

    # --- serving
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    web_threads: int = Field(32, ge=2, description="Threads that answer pages.")
    worker_threads: int = Field(4, ge=1, description="Conversations that are answered at the same time.")
    trust_proxy: int = Field(0, ge=0, le=5, description="Reverse proxies in front of the pages; 0: none is believed.")

    # --- holding
    hold_s: int = Field(
        0,
        ge=0,
        description="How long a reservation lasts, in seconds, at the latest until the store closes; 0: until the "
        "store's next open day ends.",
    )
    hold_grace_s: int = Field(0, ge=0, description="Seconds of grace after the deadline of a reservation.")
    max_open_reservations: int = Field(5, ge=1, description="Open reservations one person may have.")
    max_no_shows: int = Field(
        3,
        ge=0,
        description="Reservations that were ready and not collected within 180 days, after which a person is asked to "
        "pay when ordering; 0: never.",
    )
    offer_hold_s: int = Field(
        900, ge=60, description="How long is held what is offered in place of something not found, in seconds."
    )
    wait_hold_s: int = Field(
        7200, ge=60, description="How long a unit is held for whoever waited for it, once they are told, in seconds."
    )
    max_waits: int = Field(10, ge=1, description="Things that one person may wait for at a time.")

    # --- what comes back
    withdrawal_days: int = Field(
        14,
        ge=0,
        le=365,
        description="Days after the hand-over in which somebody who paid at a distance may withdraw from the contract: "
        "14 by law in the European Union; 0 where there is no such right.",
    )
    return_days: int = Field(30, ge=0, le=730, description="Days for returns and exchanges; 0: none are taken.")
    problem_days: int = Field(730, ge=0, description="Days in which something wrong or damaged may be reported.")
    problem_photo_days: int = Field(
        90, ge=1, le=730, description="Days after which a photo of something wrong or damaged is deleted."
    )
    staff_photo_days: int = Field(
        30, ge=1, le=730, description="Days for which a photo that staff sent to a shopper is kept and shown."
    )
    exchange_hold_days: int = Field(7, ge=1, le=60, description="Days for which a store holds the new size.")
    exchange_parcel_days: int = Field(21, ge=1, le=90, description="The same when the old one comes by parcel.")
    returns_address: str = Field(
        "", description="Where parcels come back to, on one line; empty: the address from which they are sent."
    )

    # --- selling
    tax_rates: str = Field(
        "*=20", description="Tax in percent by category, `*` for the rest, by commas: `*=20,books=5.5`."
    )
    prices_include_tax: bool = Field(True, description="Whether prices are told with their tax.")
    delivery_price_minor: int = Field(490, ge=0, description="What a parcel costs, in the currency's smallest unit.")
    delivery_free_from_minor: int = Field(
        0, ge=0, description="From which value of goods on a parcel costs nothing; 0: never."
    )
    delivery_countries: List = Field(("FR",), description="Countries to which parcels go, ISO 3166 alpha-2, by commas.")
    payment_hold_s: int = Field(
        35 * 60,
        ge=10 * 60,
        description="How long stock waits for an online payment, in seconds: five minutes longer than any provider "
        "lets it be paid.",
    )

    # --- conversations
    flood_messages: int = Field(
        20, ge=1, description="Messages one person may send in ten seconds before being asked to slow down."
    )
    callback_after_min: int = Field(
        10, ge=1, le=24 * 60, description="Minutes without an answer of a person after which a call is offered."
    )
    callback_phone_days: int = Field(
        30, ge=0, le=730, description="Days after which the number of somebody who was rung back is deleted."
    )
    bot_resumes_h: int = Field(
        12, ge=1, le=30 * 24, description="Hours after a person's last word from which the bot answers again."
    )

    # --- the team
    staff_idle_min: int = Field(
        30, ge=1, le=1440, description="Minutes without a touch after which somebody of the team must sign in again."
    )
    staff_session_h: int = Field(12, ge=1, le=168, description="Hours after which they must in any case.")
    refund_limit_minor: int = Field(
        10_000,
        ge=0,
        description="What staff may give back of one order, in the currency's smallest unit; above it, a second person "
        "confirms.",
    )

    # --- photos
    photo_keep_h: int = Field(24, ge=1, le=720, description="Hours after which a shopper's photo is deleted.")
    reading_keep_days: int = Field(
        395, ge=1, le=3650, description="Days after which nobody can be told from what they read in a catalogue."
    )
    payment_call_keep_days: int = Field(
        400,
        ge=35,
        le=3650,
        description="Days after which a payment provider's call is deleted once it has taken effect; the money it told "
        "of stays in the ledger. Never shorter than providers send a call again (Stripe: by hand, for 30 days).",
    )
    encoder: str = Field(
        "auto",
        description="What looks at pictures: `auto` (the shop's own pictures choose: `vitrine` for things to wear, "
        "`objects` for others), `vitrine`, `objects`, `imagenet`, `open_clip:MODEL/TAG`, "
        "`open_clip:hf-hub:OWNER/REPOSITORY` or a folder; see howto/use-another-encoder.md.",
    )
    vector_store: Literal["faiss", "pgvector"] = Field(
        "faiss", description="Where pictures are searched: `faiss`, each process by itself; `pgvector`, in PostgreSQL."
    )

    # --- Telegram (the shopper's bot)
    telegram_token: SecretStr = Field(SecretStr(""), description="Token of the shopper's bot, from @BotFather.")
    telegram_secret: SecretStr = Field(SecretStr(""), description="Webhook secrets, by commas while one is rotated.")
    telegram_api_url: str = Field("https://api.telegram.org", description="Address of the Bot API.")
    telegram_username: str = Field("", description="The bot's user name, for links to it.")

    # --- Telegram (the bot of the people in the store)
    staff_telegram_token: SecretStr = Field(
        SecretStr(""), description="Token of a second bot, for the people in the store, from @BotFather."
    )
    staff_telegram_secret: SecretStr = Field(
        SecretStr(""), description="Webhook secrets of that bot, by commas while one is rotated."
    )
    staff_telegram_username: str = Field("", description="That bot's user name, for links to it.")

    # --- posts from Instagram
    instagram_token: SecretStr = Field(
        SecretStr(""),
        description="Instagram: long-lived access token of the shop's account; see howto/posts-from-instagram.md.",
    )
    instagram_user_id: str = Field(
        "",
        pattern="^[0-9]{0,32}$",
        description="Number of the account, where the token is one of Facebook Login; empty with Instagram Login.",
    )
    instagram_every_min: int = Field(60, ge=5, le=1440, description="Minutes between two looks for new posts.")
    instagram_show_sure: bool = Field(
        False, description="Whether new posts whose products are sure are shown at once; else somebody shows them."
    )
    meta_graph_url: str = Field(
        "",
        description="Address of Meta's Graph API; empty: graph.instagram.com, or graph.facebook.com where "
        "INSTAGRAM_USER_ID is set.",
    )

    # --- tills
    pos_secret: SecretStr = Field(
        SecretStr(""), description="Signs what a till of yours sends to /hooks/pos; several by commas while rotated."
    )

    # --- collecting money
    pay_in_store: bool = Field(True, description="Whether orders may be paid at the counter.")
    fake_payments: bool = Field(
        False,
        description="Whether a make-believe provider collects make-believe money. On this machine only, and never "
        "beside a real provider.",
    )
    stripe_key: SecretStr = Field(SecretStr(""), description="Stripe: secret or restricted key.")
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""), description="Stripe: signing secrets of the webhook, by commas while one is rolled."
    )
    stripe_api_url: str = Field("https://api.stripe.com", description="Address of Stripe's API.")
    square_token: SecretStr = Field(SecretStr(""), description="Square: access token.")
    square_signature_key: SecretStr = Field(
        SecretStr(""), description="Square: signature keys of the webhook subscription, by commas while one is changed."
    )
    square_location: str = Field("", description="Square: id of the location that sells.")
    square_api_url: str = Field("https://connect.squareup.com", description="Address of Square's API.")
    telegram_payment_token: SecretStr = Field(
        SecretStr(""), description="Provider token for invoices in Telegram, from @BotFather."
    )

    # --- fetching what shoppers point at
    fetch_allow_hosts: List = Field((), description="host:port that may be fetched though not public. For rehearsals.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @field_validator("languages", "fetch_allow_hosts", "delivery_countries", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("delivery_countries")
    @classmethod
    def _country_codes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        codes = tuple(code.upper() for code in value)
        if any(len(code) != 2 or not (code.isascii() and code.isalpha()) for code in codes):
            raise ValueError("countries are told by two letters: FR, BE")
        return codes

    @field_validator("tax_rates")
    @classmethod
    def _rates(cls, value: str) -> str:
        rates_bp(value)
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}") from error
        return value

    @field_validator("meta_graph_url")
    @classmethod
    def _no_or_address(cls, value: str) -> str:
        return cls._address(value) if value else ""

    @field_validator("base_url", "telegram_api_url", "stripe_api_url", "square_api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http or https address")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _safe(self) -> Settings:
        if not self.languages:
            raise ValueError("languages: at least one")
        if not self.is_https and urlsplit(self.base_url).hostname not in LOOPBACK:
            raise ValueError("base_url: must be https unless it is on this machine")
        for name in (
            "secret_key", "telegram_secret", "staff_telegram_secret", "api_keys", "pos_secret", "stripe_webhook_secret",
            "square_signature_key",
        ):  # fmt: skip
            for secret in self.secrets_of(name):
                if len(secret) < _SHORTEST_SECRET:
                    raise ValueError(f"{name}: each secret needs at least {_SHORTEST_SECRET} characters")
        if self.fake_payments:
            self._refuse_fake_money_where_real_money_is()
        return self

    def _refuse_fake_money_where_real_money_is(self) -> None:
        """Goods must never leave a real shop for make-believe money."""
        if self.host not in LOOPBACK or urlsplit(self.base_url).hostname not in LOOPBACK:
            raise ValueError("fake_payments: only where host and base_url are on this machine")
        for name, url in (
            ("stripe_key", self.stripe_api_url),
            ("square_token", self.square_api_url),
            ("telegram_payment_token", self.telegram_api_url),
        ):
            if self.secrets_of(name) and urlsplit(url).hostname not in LOOPBACK:
                raise ValueError(f"fake_payments: never beside a real {name}")

    def secrets_of(self, name: str) -> tuple[str, ...]:
        """The values of a secret that may have several, the current one first; () closes the door."""
        secret: SecretStr = getattr(self, name)
        return tuple(part.strip() for part in secret.get_secret_value().split(",") if part.strip())

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def default_language(self) -> str:
        return self.languages[0]

    @cached_property
    def url_of_database(self) -> str:
        """The database's address, with the default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'vitrine.db').resolve()}"

    @cached_property
    def signing_key(self) -> str:
        """The secret key; on first use one is made and kept in the data folder, readable by its owner alone."""
        given = self.secret_key.get_secret_value()
        return given or _kept_secret(self.data_dir / "secret_key")


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written whole under another name first: of several processes that start at once, all read the same key.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48))
            with suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            Path(temporary).unlink()
    return path.read_text("ascii").strip()


def load_settings(**overrides: object) -> Settings:
    """The settings in force. Raises SettingsError with one line a mistake, naming setting and cure, never the value."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for mistake in error.errors(include_input=False, include_url=False):
            name = "VITRINE_" + str(mistake["loc"][0]).upper() if mistake["loc"] else "settings"
            lines.append(f"{name}: {mistake['msg'].removeprefix('Value error, ')}")
        raise SettingsError("\n".join(lines)) from error


def rates_bp(text: str) -> dict[str, int]:
    """Rates in hundredths of a percent by category, "*" for the rest. Raises ValueError."""
    rates: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        category, equals, percent = (piece.strip() for piece in part.partition("="))
        try:
            rate = Decimal(percent) * 100
        except InvalidOperation as error:
            raise ValueError(f"{part!r} is no rate: write `books=5.5`") from error
        if not category or not equals or not rate.is_finite() or rate != int(rate) or not 0 <= rate <= 10_000:
            raise ValueError(f"{part!r} is no rate: write `books=5.5`")
        rates[category] = int(rate)
    if "*" not in rates:
        raise ValueError("the rate of everything else is missing: `*=20`")
    return rates
