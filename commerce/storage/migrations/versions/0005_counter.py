"""The counter: the team, what is collected, what is offered instead, who waits and who speaks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from commerce.domain.mail import Direction
from commerce.storage.words import known_words, said_words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "canned_reply",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_reply")),
    )
    op.create_table(
        "staff_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=32), nullable=False),
        sa.Column("canned_id", sa.String(length=32), server_default="", nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("waited_s", sa.Integer(), nullable=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_answer")),
    )
    op.create_index(op.f("ix_staff_answer_at_us"), "staff_answer", ["at_us"], unique=False)
    op.create_index(
        op.f("ix_staff_answer_customer_id_canned_id"), "staff_answer", ["customer_id", "canned_id"], unique=False
    )

    op.create_table(
        "staff_chat",
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("staff_id", sa.String(length=32), server_default="", nullable=False),
        sa.Column("store_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("has_topics", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account", "address", name=op.f("pk_staff_chat")),
    )
    op.create_index(op.f("ix_staff_chat_staff_id"), "staff_chat", ["staff_id"], unique=False)

    op.create_table(
        "staff_member",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("store_ids", sa.Text(), server_default="[]", nullable=False),
        sa.Column("languages", sa.Text(), server_default="[]", nullable=False),
        sa.Column("skills", sa.Text(), server_default="[]", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("password_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("totp_secret", sa.String(length=64), server_default="", nullable=False),
        sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("role IN ('staff', 'marketer', 'owner')", name=op.f("ck_staff_member_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_member_login")),
    )
    op.create_table(
        "staff_topic",
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("topic_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account", "address", "topic_id", name=op.f("pk_staff_topic")),
        sa.UniqueConstraint(
            "channel",
            "account",
            "address",
            "customer_id",
            name=op.f("uq_staff_topic_channel_account_address_customer_id"),
        ),
    )
    op.create_table(
        "collecting_rules",
        sa.Column("store_id", sa.String(length=64), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("slot_capacity", sa.Integer(), nullable=False),
        sa.Column("prep_minutes", sa.Integer(), nullable=False),
        sa.Column("curbside", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "slot_minutes > 0 AND slot_capacity >= 0 AND prep_minutes >= 0", name=op.f("ck_collecting_rules_sane")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_collecting_rules_store_id")),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_collecting_rules")),
    )
    op.create_table(
        "conversation",
        sa.Column("customer_id", sa.String(length=32), nullable=False),
        sa.Column("voice", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=16), server_default="", nullable=False),
        sa.Column("assigned_to", sa.String(length=32), server_default="", nullable=False),
        sa.Column("store_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("language", sa.String(length=8), server_default="", nullable=False),
        sa.Column("skill", sa.String(length=32), server_default="", nullable=False),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at_us", sa.BigInteger(), nullable=True),
        sa.Column("unanswered_since_us", sa.BigInteger(), nullable=True),
        sa.Column("staff_spoke_at_us", sa.BigInteger(), nullable=True),
        sa.Column("callback_offered_at_us", sa.BigInteger(), nullable=True),
        sa.Column("said_goodbye_at_us", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("voice IN ('bot', 'nobody_yet', 'person')", name=op.f("ck_conversation_voice")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_conversation_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_conversation")),
    )
    op.create_index(
        op.f("ix_conversation_voice_unanswered_since_us"),
        "conversation",
        ["voice", "unanswered_since_us"],
        unique=False,
    )

    op.create_table(
        "offer",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("instead_of_kind", sa.String(length=16), nullable=False),
        sa.Column("instead_of_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("taken", sa.SmallInteger(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'taken', 'declined', 'expired')", name=op.f("ck_offer_state")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_offer_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index(op.f("ix_offer_customer_id"), "offer", ["customer_id"], unique=False)
    op.create_index(op.f("ix_offer_state_expires_at_us"), "offer", ["state", "expires_at_us"], unique=False)

    op.create_table(
        "pick_up",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("store_id", sa.String(length=64), nullable=False),
        sa.Column("accepted_at_us", sa.BigInteger(), nullable=True),
        sa.Column("accepted_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("proxy", sa.Text(), server_default="", nullable=False),
        sa.Column("coming_at_us", sa.BigInteger(), nullable=True),
        sa.Column("vehicle", sa.Text(), server_default="", nullable=False),
        sa.Column("spot", sa.Text(), server_default="", nullable=False),
        sa.Column("arrived_at_us", sa.BigInteger(), nullable=True),
        sa.Column("slot_at_us", sa.BigInteger(), nullable=True),
        sa.Column("reminded", sa.Text(), server_default="[]", nullable=False),
        sa.CheckConstraint("kind IN ('reservation', 'order')", name=op.f("ck_pick_up_kind")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_pick_up_store_id")),
        sa.PrimaryKeyConstraint("kind", "subject_id", name=op.f("pk_pick_up")),
    )
    op.create_index(op.f("ix_pick_up_store_id_slot_at_us"), "pick_up", ["store_id", "slot_at_us"], unique=False)

    op.create_table(
        "slot_use",
        sa.Column("store_id", sa.String(length=64), nullable=False),
        sa.Column("slot_at_us", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken >= 0", name=op.f("ck_slot_use_taken")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_slot_use_store_id")),
        sa.PrimaryKeyConstraint("store_id", "slot_at_us", name=op.f("pk_slot_use")),
    )
    op.create_table(
        "staff_session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("seen_at_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_staff_session_staff_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_staff_session")),
    )
    op.create_index(op.f("ix_staff_session_expires_at_us"), "staff_session", ["expires_at_us"], unique=False)
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"], unique=False)

    op.create_table(
        "stock_waiter",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("told_at_us", sa.BigInteger(), nullable=True),
        sa.Column("told_store_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("hold_id", sa.String(length=32), server_default="", nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'told', 'served', 'passed', 'gone')", name=op.f("ck_stock_waiter_state")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_stock_waiter_customer_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_stock_waiter_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_waiter")),
    )
    op.create_index(op.f("ix_stock_waiter_customer_id"), "stock_waiter", ["customer_id"], unique=False)
    op.create_index(
        op.f("ix_stock_waiter_state_variant_id_created_at_us"),
        "stock_waiter",
        ["state", "variant_id", "created_at_us"],
        unique=False,
    )
    op.create_index(op.f("ix_stock_waiter_hold_id"), "stock_waiter", ["hold_id"], unique=False)
    op.create_index(
        op.f("uq_stock_waiter_open"),
        "stock_waiter",
        ["customer_id", "variant_id", "store_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'told')"),
        postgresql_where=sa.text("state IN ('waiting', 'told')"),
    )

    op.create_table(
        "offer_choice",
        sa.Column("offer_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("hold_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_offer_choice_quantity")),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_offer_choice_hold_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_choice_offer_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_offer_choice_store_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_offer_choice_variant_id")),
        sa.PrimaryKeyConstraint("offer_id", "position", "variant_id", name=op.f("pk_offer_choice")),
    )
    op.create_index(op.f("ix_offer_choice_hold_id"), "offer_choice", ["hold_id"], unique=False)
    op.add_column("customer", sa.Column("no_shows_from_us", sa.BigInteger(), server_default="0", nullable=False))

    # --- by what people and their threads are found
    word = sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")
    op.create_table(
        "known_word",
        sa.Column("word", word, nullable=False),
        sa.Column("customer_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("word", "customer_id", name=op.f("pk_known_word")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_known_word_customer_id"), "known_word", ["customer_id"], unique=False)
    op.create_table(
        "said_word",
        sa.Column("word", word, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("word", "entry_id", name=op.f("pk_said_word")),
        sqlite_with_rowid=False,
    )
    for table, column in (
        ("contact", "last_inbound_at_us"),
        ("contact", "address"),
        ("reservation", "code"),
        ("reservation_line", "variant_id"),
        ("shop_order", "pickup_code"),
        ("order_line", "variant_id"),
        ("return_request", "code"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    _index_what_is_there(op.get_bind())

    # The key changes: made anew, because SQLite alters a table in no other way.
    op.create_table(
        "new_store_pause",
        sa.Column("store_id", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=16), server_default="", nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name="fk_store_pause_store_id"),
        sa.PrimaryKeyConstraint("store_id", "method", name="pk_store_pause_of_method"),
    )
    op.execute(
        'INSERT INTO new_store_pause (store_id, until_us, reason, "by")'
        ' SELECT store_id, until_us, reason, "by" FROM store_pause'
    )
    op.drop_table("store_pause")
    op.rename_table("new_store_pause", "store_pause")


def _index_what_is_there(connection: sa.Connection) -> None:
    for customer_id, name in connection.execute(sa.text("SELECT id, name FROM customer WHERE name <> ''")).all():
        _keep(connection, "known_word", "customer_id", customer_id, known_words(name))
    orders = connection.execute(sa.text("SELECT customer_id, name, email, phone FROM shop_order ORDER BY number"))
    for customer_id, *known in orders.all():
        _keep(connection, "known_word", "customer_id", customer_id, known_words(*known))
    last = 0
    page = sa.text("SELECT id, direction, body FROM thread_entry WHERE id > :last ORDER BY id LIMIT 1000")
    while entries := connection.execute(page, {"last": last}).all():
        for entry_id, direction, body in entries:
            _keep(connection, "said_word", "entry_id", entry_id, said_words(Direction(direction), body))
        last = entries[-1].id


def _keep(connection: sa.Connection, table: str, column: str, key: object, words: list[str]) -> None:
    if words:
        connection.execute(
            sa.text(f"INSERT INTO {table} (word, {column}) VALUES (:word, :key) ON CONFLICT DO NOTHING"),  # noqa: S608
            [{"word": word, "key": key} for word in words],
        )


def downgrade() -> None:
    raise NotImplementedError("no way back: restore the backup that was made before the upgrade")
