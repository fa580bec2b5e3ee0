"""The tables of the ledger, in the one place that says so. Money is integer fen; times are ms or campus seconds.

Money tables (record, posting, batch) are append-only: triggers of the migration refuse UPDATE and DELETE.
What may change stands elsewhere: marks, open cases, states. Imported by migrations and tests only, never when selling.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

Form = TypeEngine[Any] | type[TypeEngine[Any]]
metadata = MetaData()
Big = BigInteger().with_variant(Integer, "sqlite")
Small = SmallInteger().with_variant(Integer, "sqlite")
Bytes = LargeBinary


def _col(name: str, form: Form, default: str | None = None) -> Column[Any]:
    return Column(name, form, nullable=False, server_default=default)


def _maybe(name: str, form: Form) -> Column[Any]:
    return Column(name, form, nullable=True)


def _id() -> Column[int]:
    return Column("id", Big, primary_key=True, autoincrement=False)


# --- who: from the signed inventory ------------------------------------------------------------------------------

meta = Table("meta", metadata, Column("name", Text, primary_key=True), _col("value", Text))

account = Table(
    "account", metadata, _id(), _col("code", Text), _col("kind", Text), _col("side", Small),
    UniqueConstraint("code", name="uq_account_code"),
)  # fmt: skip

card = Table(
    "card", metadata, _col("card", Bytes), _col("label", Text), _col("profile", Text), _col("key_version", Small),
    _col("algorithm", Small), _col("card_class", Small), _col("hotlist_index", Big), _col("issued", Big),
    _col("expires", Big), _col("opening_fen", Big), _col("purse_account", Big), _col("online_account", Big),
    _col("transit_account", Big), _col("hotlisted", Small, "0"), _col("subsidy_fen", Big, "0"),
    _col("pending_account", Big, "0"), _col("subsidy_account", Big, "0"),
    _col("pending_subsidy_account", Big, "0"),
    PrimaryKeyConstraint("card"), UniqueConstraint("label", name="uq_card_label"),
)  # fmt: skip

holder_class = Table(
    "holder_class", metadata, _col("card", Bytes), _col("name", Text), PrimaryKeyConstraint("card"),
    Index("ix_holder_class_name", "name"),
)  # fmt: skip
"""The class 班级 of a card's holder, as the newest inventory names it. No row: nobody has said."""

psam = Table(
    "psam", metadata, _col("psam", Bytes), _col("device", Bytes), _col("issued", Big), PrimaryKeyConstraint("psam")
)

device = Table(
    "device", metadata, _col("device", Bytes), _col("kind", Text), _col("box", Text), _col("name", Text),
    _col("place", Text), _col("merchant", Text), _col("merchant_account", Big), _col("held_account", Big),
    PrimaryKeyConstraint("device"),
)  # fmt: skip

box = Table(
    "box", metadata, _col("box", Text), _col("partition", Small), _col("name", Text), _col("certificate", Bytes),
    PrimaryKeyConstraint("box"),
)  # fmt: skip

epoch = Table(
    "epoch", metadata, _col("device", Bytes), _col("epoch", Integer), _col("storage", Bytes), _col("psam", Bytes),
    PrimaryKeyConstraint("device", "epoch"), UniqueConstraint("device", "storage", "psam", name="uq_epoch_triple"),
)  # fmt: skip

# --- books: append-only ------------------------------------------------------------------------------------------

batch = Table(
    "batch", metadata, _col("partition", Small), _col("number", Big), _col("kind", Small), _col("records", Integer),
    _col("entries", Integer), _col("committed_ms", Big), _col("hash", Bytes),
    PrimaryKeyConstraint("partition", "number"),
)  # fmt: skip

record = Table(
    "record", metadata, _id(), _col("key", Bytes), _col("fork", Big), _col("digest", Bytes), _col("stored", Bytes),
    _col("verdict", Small), _col("reason", Small), _col("partition", Small), _col("number", Big), _col("box", Text),
    _col("received_ms", Big), _col("received_s", Big),
    UniqueConstraint("key", "fork", name="uq_record_key"),
)  # fmt: skip

proof = Table(
    "proof", metadata, _col("card_key", Bytes), _maybe("slot", Bytes), _maybe("claim", Bytes), _col("record", Big),
    PrimaryKeyConstraint("card_key"), UniqueConstraint("slot", "claim", name="uq_proof_slot"), sqlite_with_rowid=False,
)  # fmt: skip
"""One row per record with a valid TAC. slot (PSAM id, ttn) and claim (card, TAC time): of purchases."""

posting = Table(
    "posting", metadata, _col("entry", Big), _col("debit", Big), _col("credit", Big), _col("fen", Big),
    _col("booked_at_ms", Big), _maybe("record", Big), _maybe("reverses", Big), _col("number", Big),
    _col("book", Integer), _col("effective_day", Integer), _col("line", Small), _col("kind", Small),
    _col("flags", Small), _col("partition", Small), _maybe("key", Bytes), _maybe("input_hash", Bytes),
    _maybe("document", Bytes),
    PrimaryKeyConstraint("entry", "line"), UniqueConstraint("key", name="uq_posting_key"),
    CheckConstraint("fen > 0", name="ck_posting_fen"), CheckConstraint("debit <> credit", name="ck_posting_sides"),
    CheckConstraint("(line > 0) = (key IS NULL) AND (line > 0) = (input_hash IS NULL) AND line >= 0",
                    name="ck_posting_head"),
    Index("ix_posting_day", "effective_day", sqlite_where=text("line = 0"), postgresql_where=text("line = 0")),
    Index("ix_posting_held", "entry", sqlite_where=text("line = 0 AND (flags & 2) > 0"),
          postgresql_where=text("line = 0 AND (flags & 2) > 0")),
    Index("ix_posting_given", "credit", "entry", sqlite_where=text("kind IN (2, 12, 20, 30, 41, 61, 64, 65, 94)"),
          postgresql_where=text("kind IN (2, 12, 20, 30, 41, 61, 64, 65, 94)")),
    Index("ix_posting_debit", "debit", "entry"),
    Index("ix_posting_credit", "credit", "entry", sqlite_where=text("kind <> 3"), postgresql_where=text("kind <> 3")),
    sqlite_with_rowid=False,
)  # fmt: skip
"""An entry is its postings: lines 0, 1, … under one number. Line 0 carries its key and where it comes from; the others
repeat book, kind, days, flags and batch, so that sums as of a day, and partitions by date, need no join.

Wide columns first, for PostgreSQL's alignment. The view `entry` is line 0 of each, for readers.
"""

# --- sums, folded from the books ---------------------------------------------------------------------------------

balance = Table(
    "balance", metadata, Column("account", Big, primary_key=True, autoincrement=False), _col("debit_fen", Big),
    _col("credit_fen", Big),
)  # fmt: skip

watermark = Table("watermark", metadata, Column("name", Text, primary_key=True), _col("value", Big))

# --- marks: what is held -----------------------------------------------------------------------------------------

device_mark = Table(
    "device_mark", metadata, _col("device", Bytes), _col("epoch", Integer), _col("cumulative", Big),
    _col("ranges", Bytes), _col("posted", Big), _col("held", Big), _col("suspense", Big), _col("quarantined", Big),
    _col("no_entry", Big), _col("duplicates", Big), _col("spent_fen", Big), _col("loaded_fen", Big),
    _col("last_seq", Big), _col("last_ms", Big),
    PrimaryKeyConstraint("device", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip

psam_mark = Table(
    "psam_mark", metadata, _col("psam", Bytes), _col("ttn", Big), PrimaryKeyConstraint("psam"), sqlite_with_rowid=False
)

box_mark = Table(
    "box_mark", metadata, _col("box", Text), _col("store", Bytes), _col("partition", Small), _col("cumulative", Big),
    _col("ranges", Bytes), _col("last_ms", Big),
    PrimaryKeyConstraint("box", "store"), sqlite_with_rowid=False,
)  # fmt: skip

box_device = Table(
    "box_device", metadata, _col("box", Text), _col("store", Bytes), _col("device", Bytes), _col("epoch", Integer),
    PrimaryKeyConstraint("box", "store", "device", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip

# --- cases -------------------------------------------------------------------------------------------------------

suspense = Table(
    "suspense", metadata, Column("record", Big, primary_key=True, autoincrement=False), _col("record_key", Bytes),
    _col("purse", Bytes), _col("counter", Integer), _maybe("load", Bytes), _col("state", Small),
    _col("generation", Integer), _maybe("entry", Big), _col("opened_ms", Big), _col("changed_ms", Big),
    Index("ix_suspense_purse", "purse"), Index("ix_suspense_record_key", "record_key"),
    Index("ix_suspense_load", "load"), Index("ix_suspense_state", "state"),
)  # fmt: skip

claim = Table(
    "claim", metadata, _col("target", Bytes), _col("record", Big), PrimaryKeyConstraint("target", "record"),
    sqlite_with_rowid=False,
)  # fmt: skip

quarantine = Table(
    "quarantine", metadata, Column("record", Big, primary_key=True, autoincrement=False), _col("reason", Small),
    _col("state", Small), _maybe("entry", Big), _col("opened_ms", Big), _col("changed_ms", Big),
    Index("ix_quarantine_state", "state"),
)  # fmt: skip

void_case = Table(
    "void_case", metadata, Column("record", Big, primary_key=True, autoincrement=False), _col("target", Bytes),
    _col("card", Bytes), _col("amount_fen", Big), _col("state", Small), _col("reason", Small), _maybe("entry", Big),
    _col("received_s", Big), _col("opened_ms", Big), _col("changed_ms", Big),
    _maybe("cause", Small), _maybe("day", Integer), _maybe("witness", Bytes), _maybe("proposal", Big),
    Index("ix_void_case_target", "target"), Index("ix_void_case_state", "state"), Index("ix_void_case_day", "day"),
)  # fmt: skip
"""Voids 撤销. target: key of the record that is to be void. day: of its receipt, since 2000. witness: the card that
stands for it. proposal: by which two persons let it move. Those of before have none of the three."""

junk = Table(
    "junk", metadata, _id(), _col("digest", Bytes), _col("at_ms", Big), _col("box", Text), _col("partition", Small),
    _col("reason", Text), _col("raw", Bytes), UniqueConstraint("digest", name="uq_junk_digest"),
)  # fmt: skip

load_case = Table(
    "load_case", metadata, _col("key", Bytes), _col("card", Bytes), _col("counter", Integer), _col("balance_fen", Big),
    _col("amount_fen", Big), _col("psam", Bytes), _col("box", Text), _col("payload", Bytes), _col("result", Small),
    _col("time_s", Big), _col("state", Small), _col("debited", Small), _maybe("record", Big), _col("evidence", Text),
    _col("opened_ms", Big), _col("changed_ms", Big), _col("source", Small, "0"), _col("retry", Small, "0"),
    _col("offered_fen", Big, "0"),
    PrimaryKeyConstraint("key"), Index("ix_load_case_card", "card", "counter"),
    Index("ix_load_case_state", "state", "retry"),
)  # fmt: skip

payment_case = Table(
    "payment_case", metadata, _col("key", Bytes), _col("card", Bytes), _col("amount_fen", Big), _col("psam", Bytes),
    _col("box", Text), _col("payload", Bytes), _col("result", Small), _col("left_fen", Big), _col("state", Small),
    _maybe("entry", Big), _col("day", Integer), _maybe("record", Big), _maybe("reversal", Big),
    _maybe("reversed_day", Integer), _col("opened_ms", Big), _col("changed_ms", Big),
    PrimaryKeyConstraint("key"), Index("ix_payment_case_card", "card", "day"),
    Index("ix_payment_case_state", "state"), Index("ix_payment_case_reversed", "reversed_day"),
)  # fmt: skip
"""Account payments 账户支付, by (device, epoch, request); a row of a reversal that came first is a tombstone."""

pay_code = Table(
    "pay_code", metadata, _col("card", Bytes), _col("slot", Small), _col("digest", Bytes), _col("state", Small),
    _col("issued_ms", Big), _col("expires_ms", Big), _maybe("case_key", Bytes),
    PrimaryKeyConstraint("card", "slot"), UniqueConstraint("digest", name="uq_pay_code_digest"),
)  # fmt: skip
"""Payment codes 付款码 of wallets, by their digests; a new one takes the place of the oldest of its card."""

pay_order = Table(
    "pay_order", metadata, _id(), _col("token", Bytes), _col("maker", Text), _col("merchant", Text),
    _col("merchant_account", Big), _col("amount_fen", Big), _col("is_single", Small), _col("captures", Small),
    _col("note", Text), _col("state", Small), _col("made_ms", Big), _col("expires_ms", Big),
    UniqueConstraint("token", name="uq_pay_order_token"), Index("ix_pay_order_maker", "maker", "id"),
)  # fmt: skip
"""Pay orders 付款单 of merchants. token: what their code holds."""

till_order = Table(
    "till_order", metadata, _col("case_key", Bytes), _col("pay_order", Big), _col("code", Text),
    PrimaryKeyConstraint("case_key"), UniqueConstraint("pay_order", name="uq_till_order_pay_order"),
)  # fmt: skip
"""Orders 收款码 of tills: the payment case of each, the pay order that a wallet pays, and the code on the glass.
Append-only."""

online_payment = Table(
    "online_payment", metadata, _id(), _col("pay_order", Big), _col("maker", Text), _col("card", Bytes),
    _col("merchant_account", Big), _col("amount_fen", Big), _col("captured_fen", Big), _col("refunded_fen", Big),
    _col("state", Small), _col("day", Integer), _col("expires_ms", Big), _col("opened_ms", Big),
    _col("changed_ms", Big), Index("ix_online_payment_card", "card", "day"),
    Index("ix_online_payment_order", "pay_order"), Index("ix_online_payment_state", "state", "expires_ms"),
)  # fmt: skip
"""Online payments 在线支付: authorised, then captured, void or over."""

online_refund = Table(
    "online_refund", metadata, _id(), _col("payment", Big), _col("fen", Big), _col("reason", Text), _col("at_ms", Big),
    Index("ix_online_refund_payment", "payment"),
)  # fmt: skip
"""Append-only."""

pay_call = Table(
    "pay_call", metadata, _col("caller", Text), _col("key", Text), _col("what", Small), _col("digest", Bytes),
    _col("result", Text), _col("payment", Big), _col("fen", Big), _col("at_ms", Big),
    PrimaryKeyConstraint("caller", "key"),
)  # fmt: skip
"""Calls that moved money, or were declined, by their callers' keys; append-only. digest: of their parameters."""

# --- card desk ---------------------------------------------------------------------------------------------------

receipt = Table(
    "receipt", metadata, _col("cashier", Text), _col("number", Big), _col("key", Bytes), _col("day", Integer),
    _col("kind", Small), _col("card", Bytes), _col("fen", Big), _maybe("entry", Big), _col("at_ms", Big),
    _col("at_s", Big), PrimaryKeyConstraint("cashier", "number"), UniqueConstraint("key", name="uq_receipt_key"),
)  # fmt: skip
"""What a cashier gave out paper for; numbered 1, 2, … per cashier without a gap."""

unload_case = Table(
    "unload_case", metadata, _col("key", Bytes), _col("card", Bytes), _col("counter", Integer),
    _col("balance_fen", Big), _col("amount_fen", Big), _col("cashier", Text), _col("auth", Bytes), _col("time_s", Big),
    _col("state", Small), _col("evidence", Text), _col("opened_ms", Big), _col("changed_ms", Big),
    PrimaryKeyConstraint("key"), Index("ix_unload_case_card", "card", "counter"),
    Index("ix_unload_case_state", "state"),
)  # fmt: skip

card_life = Table(
    "card_life", metadata, _col("card", Bytes), _col("state", Small), _maybe("successor", Bytes),
    _maybe("card_class", Small), _col("since_ms", Big), PrimaryKeyConstraint("card"),
    Index("ix_card_life_successor", "successor", sqlite_where=text("successor IS NOT NULL"),
          postgresql_where=text("successor IS NOT NULL")),
)  # fmt: skip
"""Of a card that is not as the inventory says: lost, replaced, of another class. No row: normal."""

card_deed = Table(
    "card_deed", metadata, _id(), _col("key", Bytes), _col("card", Bytes), _maybe("other", Bytes), _col("kind", Small),
    _col("cashier", Text), _col("text", Text), _col("at_ms", Big), _col("at_s", Big),
    UniqueConstraint("key", name="uq_card_deed_key"), Index("ix_card_deed_card", "card"),
)  # fmt: skip
"""Who did what to which card, when and why."""

desk_card = Table(
    "desk_card", metadata, _col("label", Text), _col("cashier", Text), _col("state", Small), _col("day", Integer),
    _col("reason", Text), _col("changed_ms", Big), PrimaryKeyConstraint("label"),
    Index("ix_desk_card_cashier", "cashier"),
)  # fmt: skip
"""Cards that a cashier drew from the stock to give out."""

desk_close = Table(
    "desk_close", metadata, _col("cashier", Text), _col("day", Integer), _col("at_ms", Big), _col("document", Bytes),
    PrimaryKeyConstraint("cashier", "day"),
)  # fmt: skip

day_close = Table(
    "day_close", metadata, Column("day", Integer, primary_key=True, autoincrement=False), _col("last_entry", Big),
    _col("maker", Text), _col("checker", Text), _col("at_ms", Big), _col("document", Bytes),
)  # fmt: skip
"""Append-only: what persons have said of a business day of the campus. last_entry: the newest entry of the books then;
what is booked for that day behind it came after the close. checker: who stands for its gaps; '': it had none."""

bank_figure = Table(
    "bank_figure", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("day", Integer),
    _col("fen", Big), _col("books_fen", Big), _col("last_entry", Big), _col("who", Text), _col("source", Text),
    _col("items", Bytes), _col("at_ms", Big),
)  # fmt: skip
"""Append-only: what the bank's statement says, as of the morning of `day`. books_fen: 专户 by the books up to that
entry. source: the file, '': typed in. items: CBOR, [[name, fen], …], what is on its way."""

account_floor = Table(
    "account_floor", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("card_class", Integer),
    _col("fen", Big), _col("who", Text), _col("reason", Text), _col("at_ms", Big),
)  # fmt: skip
"""Append-only: what no movement leaves less than in the online accounts of a class; the last row of a class counts."""

account_bound = Table(
    "account_bound", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("key", Text),
    _col("card", Bytes), _col("day_fen", Big), _col("who", Text), _col("at_ms", Big),
    UniqueConstraint("key", name="uq_account_bound_key"), Index("ix_account_bound_card", "card", "id"),
)  # fmt: skip
"""Append-only: what its holder lets the online account of a card pay on a day; the last row of a card counts."""

# --- emergency meals 应急餐 -----------------------------------------------------------------------------------------

roster = Table(
    "roster", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("body", Bytes),
    _col("source", Text), _col("who", Text), _col("at_ms", Big),
)  # fmt: skip
"""Append-only: what was said of who is enrolled. body: CBOR, [[number, card, class, is enrolled], …]."""

person = Table(
    "person", metadata, Column("number", Text, primary_key=True), _col("card", Bytes), _col("class", Text),
    _col("enrolled", Small), _col("owed_fen", Big), _col("roster", Big), Index("ix_person_card", "card"),
    Index("ix_person_owed", "owed_fen"),
)  # fmt: skip
"""What the rosters come to. card: b"" where nobody said which. owed_fen: for emergency meals."""

meal_rule = Table(
    "meal_rule", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("fen", Big),
    _col("per_week", Small), _col("who", Text), _col("reason", Text), _col("at_ms", Big),
)  # fmt: skip
"""Append-only; the last row counts."""

meal = Table(
    "meal", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("key", Bytes),
    _col("number", Text), _col("day", Integer), _col("week", Integer), _col("meal", Small), _col("fen", Big),
    _col("device", Bytes), _col("stall", Text), _maybe("record", Big), _maybe("entry", Big), _col("reason", Small),
    _col("beyond", Small), _col("at_ms", Big), UniqueConstraint("key", name="uq_meal_key"),
    Index("ix_meal_number", "number", "week"), Index("ix_meal_day", "day"), Index("ix_meal_entry", "entry"),
)  # fmt: skip
"""One that was given out. record: of its till; None: a paper sheet's row. entry None: it waits, for this reason.
beyond: bit 1 another one in the same meal, bit 2 above the week's."""

auto_load = Table(
    "auto_load", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("card_class", Integer),
    _col("card", Bytes), _col("below_fen", Big), _col("target_fen", Big), _col("day_fen", Big), _col("who", Text),
    _col("reason", Text), _col("at_ms", Big), Index("ix_auto_load_of", "card_class", "card"),
)  # fmt: skip
"""Append-only: what is loaded by rule from the online account; the last row of a class, or of a card, counts. card:
empty in a rule of a class; card_class: -1 in one of a card. All sums 0: switched off."""

move_order = Table(
    "move_order", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("key", Text),
    _col("card", Bytes), _col("fen", Big), _col("who", Text), _col("at_ms", Big),
    UniqueConstraint("key", name="uq_move_order_key"), Index("ix_move_order_card", "card"),
)  # fmt: skip
"""Append-only: what a holder has ordered from his online account onto his card; the last one counts, 0 calls it off."""
deposit_order = Table(
    "deposit_order", metadata, Column("number", Text, primary_key=True), _col("key", Text), _col("provider", Text),
    _col("card", Bytes), _col("fen", Big), _col("payer", Text), _col("made_ms", Big), _col("expires_ms", Big),
    _col("state", Small), _col("txn", Text), _col("paid_fen", Big), _col("paid_day", Big), _col("refunded_fen", Big),
    _col("pay", Text), _col("due_ms", Big), _col("tries", Big), _col("changed_ms", Big),
    Column("way", Text, nullable=False, server_default=""), Column("opener", Text, nullable=False, server_default=""),
    UniqueConstraint("key", name="uq_deposit_order_key"), Index("ix_deposit_order_due", "due_ms"),
    Index("ix_deposit_order_card", "card", "made_ms"), Index("ix_deposit_order_paid", "provider", "paid_day"),
)  # fmt: skip
"""Not append-only: how a deposit through a provider stands (funds.providers.orders), which its steps say again.
way: in what its payer opens it; opener: who that is, until the provider has heard."""

deposit_step = Table(
    "deposit_step", metadata, _id(), _col("number", Text), _col("state", Small), _col("document", Bytes),
    _col("at_ms", Big), Index("ix_deposit_step_number", "number", "id"),
)  # fmt: skip
"""Append-only. document: CBOR, what was ordered, or was seen at the provider."""

deposit_bill = Table(
    "deposit_bill", metadata, _id(), _col("provider", Text), _col("day", Big), _col("digest", Bytes),
    _col("lines", Bytes), _col("paid_fen", Big), _col("refunded_fen", Big), _col("who", Text), _col("at_ms", Big),
)  # fmt: skip
"""Append-only: a provider's bill of a day; the last of a day counts. digest: SHA-256 of the file. lines: CBOR."""

deposit_item = Table(
    "deposit_item", metadata, _id(), _col("bill", Big), _col("provider", Text), _col("day", Big), _col("kind", Small),
    _col("txn", Text), _col("number", Text), _col("bill_fen", Big), _col("books_fen", Big), _col("at_ms", Big),
    UniqueConstraint("provider", "txn", "kind", name="uq_deposit_item"),
)  # fmt: skip
"""Append-only: what of a bill does not match, once for each transaction and kind (funds.providers.bills)."""

deposit_item_close = Table(
    "deposit_item_close", metadata, Column("item", Big, primary_key=True, autoincrement=False), _col("proposal", Big)
)
"""Append-only: two persons have seen to it."""

deposit_item_back = Table(
    "deposit_item_back", metadata, _id(), _col("item", Big), _col("refund", Text), _col("fen", Big), _col("at_ms", Big),
    Index("ix_deposit_item_back_item", "item"),
)  # fmt: skip
"""Append-only: what a provider gave back by itself of an item's unclear money, under its own refund number."""

deposit_desk = Table(
    "deposit_desk", metadata, Column("key", Bytes, primary_key=True), _col("cashier", Text),
    _col("order_number", Text), _col("fen", Big), _col("proposal", Big),
)  # fmt: skip
"""Append-only: under which of its keys a card desk has proposed a refund 渠道退款, so that asking again is the same."""

deposit_invoice = Table(
    "deposit_invoice", metadata, _id(), _col("provider", Text), _col("month", Text), _col("fen", Big),
    _col("fees_fen", Big), _col("note", Text), _col("who", Text), _col("at_ms", Big),
)  # fmt: skip
"""Append-only: a provider's invoice 手续费发票 of a month, `2026-11`, and what its bills said then; the last counts."""

deposit_refund = Table(
    "deposit_refund", metadata, Column("number", Text, primary_key=True), _col("order_number", Text),
    _col("provider", Text), _col("txn", Text), _col("card", Bytes), _col("item", Big), _col("fen", Big),
    _col("reason", Text), _col("proposal", Big), _col("made_ms", Big), _col("state", Small), _col("day", Big),
    _col("due_ms", Big), _col("tries", Big), _col("changed_ms", Big), Index("ix_deposit_refund_due", "due_ms"),
    Index("ix_deposit_refund_order", "order_number"), Index("ix_deposit_refund_day", "provider", "day"),
)  # fmt: skip
"""Not append-only: how a refund that we ask a provider for stands (funds.providers.refunds), which its steps say again.
card: empty where 渠道待查款 pays, because of `item`; proposal: of the two persons, 0: by rule."""

deposit_refund_step = Table(
    "deposit_refund_step", metadata, _id(), _col("number", Text), _col("state", Small), _col("document", Bytes),
    _col("at_ms", Big), Index("ix_deposit_refund_step_number", "number", "id"),
)  # fmt: skip
"""Append-only. document: CBOR, what was asked for, or was seen at the provider."""

deposit_settlement = Table(
    "deposit_settlement", metadata, _id(), _col("provider", Text), _col("day", Big), _col("digest", Bytes),
    _col("lines", Bytes), _col("settled_fen", Big), _col("fee_fen", Big), _col("who", Text), _col("at_ms", Big),
)  # fmt: skip
"""Append-only: what a provider moved to the bank on a day, and its fees; the last of a day counts. lines: CBOR."""

# --- offline pay codes 脱机付款码 ------------------------------------------------------------------------------------

offline_rule = Table(
    "offline_rule", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("uses", Small),
    _col("one_fen", Big), _col("day_fen", Big), _col("bearer", Text), _col("who", Text), _col("reason", Text),
    _col("at_ms", Big),
)  # fmt: skip
"""Append-only; the last row counts. uses 0: switched off."""

phone_certificate = Table(
    "phone_certificate", metadata, Column("number", Big, primary_key=True, autoincrement=False), _col("card", Bytes),
    _col("card_class", Small), _col("public", Bytes), _col("key", Text), _col("key_version", Small),
    _col("from_s", Big), _col("until_s", Big), _col("uses", Small), _col("one_fen", Big), _col("made_ms", Big),
    _col("signature", Bytes), _col("ended_why", Small), _col("ended_s", Big),
    UniqueConstraint("card", "key", name="uq_phone_certificate_key"), Index("ix_phone_certificate_until", "until_s"),
)  # fmt: skip
"""Of a phone, by the number that it shows. signature: b"" until the key process has signed; ended_why 0: it has not
ended before its time."""

certificate_step = Table(
    "certificate_step", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("number", Big),
    _col("why", Small), _col("document", Bytes), _col("who", Text), _col("at_s", Big), _col("at_ms", Big),
    Index("ix_certificate_step_number", "number"), Index("ix_certificate_step_why", "why", "id"),
)  # fmt: skip
"""Append-only: a certificate was given out (why 0; document: what is signed of it), or ended."""

code_use = Table(
    "code_use", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("record", Big),
    _col("key", Bytes), _col("certificate", Big), _col("use", Small), _col("card", Bytes), _col("day", Integer),
    _col("fen", Big), _col("borne_fen", Big), _col("device", Bytes), _col("stall", Text), _col("time_s", Big),
    _col("against", Small), _maybe("entry", Big), _col("reason", Small), _col("at_ms", Big),
    UniqueConstraint("record", name="uq_code_use_record"), Index("ix_code_use_certificate", "certificate", "use"),
    Index("ix_code_use_card", "card"), Index("ix_code_use_day", "day"), Index("ix_code_use_entry", "entry"),
)  # fmt: skip
"""What terminals took by codes, by record. against: why the school bears all of it, 0: nothing; entry null: it waits,
and `reason` says why."""

spare_card = Table(
    "spare_card", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("key", Bytes),
    _col("card", Bytes), _col("act", Small), _col("holder", Bytes), _col("person", Text), _col("place", Text),
    _col("deposit_fen", Big), _col("in_cash", Small), _col("limit_fen", Big), _col("until_day", Big), _col("who", Text),
    _col("reason", Text), _col("at_ms", Big), _col("at_s", Big), UniqueConstraint("key", name="uq_spare_card_key"),
    Index("ix_spare_card_card", "card", "id"), Index("ix_spare_card_holder", "holder", "id"),
)  # fmt: skip
"""Append-only: where a spare or visitor's card is, and since when (funds.spares); the newest row of a card counts."""

# --- what was stolen: append-only --------------------------------------------------------------------------------

revocation = Table(
    "revocation", metadata, _id(), _col("version", Big), _col("act", Small), _col("psam", Bytes), _col("device", Bytes),
    _col("since_s", Big), _col("who", Text), _col("reason", Text), _col("at_ms", Big), _col("record", Big),
    _col("entry", Big), UniqueConstraint("version", name="uq_revocation_version"),
)  # fmt: skip
"""A person's act each. version: of the list that it makes; record, entry: the last in the books at that moment."""

revocation_mark = Table(
    "revocation_mark", metadata, _col("revocation", Big), _col("device", Bytes), _col("epoch", Integer),
    _col("cumulative", Big), _col("ranges", Bytes),
    PrimaryKeyConstraint("revocation", "device", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip

# --- spare bodies ------------------------------------------------------------------------------------------------

spare = Table(
    "spare", metadata, _col("device", Bytes), _col("kind", Text), _col("box", Text), _col("name", Text),
    PrimaryKeyConstraint("device"),
)  # fmt: skip

swap = Table(
    "swap", metadata, _id(), _col("box", Text), _col("spare", Bytes), _col("broken", Bytes), _col("storage", Bytes),
    _col("psam", Bytes), _col("epoch", Integer), _col("at_s", Big), _col("who", Text), _col("heard_ms", Big),
)  # fmt: skip
"""As its box told it. What two persons said of it stands in proposal and decision."""

# --- two persons -------------------------------------------------------------------------------------------------

proposal = Table(
    "proposal", metadata, _id(), _col("kind", Small), _col("document", Bytes), _col("maker", Text),
    _col("reason", Text), _col("at_ms", Big), _col("until_ms", Big),
)  # fmt: skip

decision = Table(
    "decision", metadata, Column("proposal", Big, primary_key=True, autoincrement=False), _col("outcome", Small),
    _col("checker", Text), _col("reason", Text), _col("at_ms", Big),
)  # fmt: skip
"""A trigger refuses a confirmation by the proposal's maker, and one that comes too late."""

held_release = Table(
    "held_release", metadata, Column("held", Big, primary_key=True, autoincrement=False), _col("entry", Big),
    _col("proposal", Big), _col("kind", Small), _col("fen", Big), _maybe("undone", Big),
)  # fmt: skip
"""What became of the held 待核 entry `held`: entry, of this kind. undone: the entry that took it back again."""

# --- terminals that moved, epochs that were let through: append-only -----------------------------------------------

device_move = Table(
    "device_move", metadata, _id(), _col("device", Bytes), _col("former", Text), _col("box", Text),
    _col("proposal", Big), _col("at_ms", Big),
)  # fmt: skip
"""The table device stays as the inventory says; the newest move of a device says where it is."""

device_move_mark = Table(
    "device_move_mark", metadata, _col("move", Big), _col("epoch", Integer), _col("seq", Big),
    PrimaryKeyConstraint("move", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip
"""What it had made of each epoch when it moved: up to there its former box is its own."""

epoch_let = Table(
    "epoch_let", metadata, _col("device", Bytes), _col("epoch", Integer), _col("proposal", Big),
    PrimaryKeyConstraint("device", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip

# --- what a full quarantine keeps --------------------------------------------------------------------------------

quarantine_day = Table(
    "quarantine_day", metadata, _col("box", Text), _col("device", Bytes), _col("day", Integer), _col("kept", Big),
    _col("beyond", Big), _col("digest", Bytes),
    PrimaryKeyConstraint("box", "device", "day"), sqlite_with_rowid=False,
)  # fmt: skip
"""kept: records in quarantine. beyond: how many came above the cap, and digest: over all of them, in their order."""

beyond_mark = Table(
    "beyond_mark", metadata, _col("device", Bytes), _col("epoch", Integer), _col("cumulative", Big),
    _col("ranges", Bytes), PrimaryKeyConstraint("device", "epoch"), sqlite_with_rowid=False,
)  # fmt: skip
"""Sequences that are acknowledged, and of whose records only the digest is here."""

# --- card against ledger -----------------------------------------------------------------------------------------

difference = Table(
    "difference", metadata, _id(), _col("card", Bytes), _col("application", Small), _col("kind", Small),
    _col("mark", Big), _col("expected_fen", Big), _col("read_fen", Big), _maybe("record", Big), _col("state", Small),
    _col("found_ms", Big), _col("changed_ms", Big),
    Index("ix_difference_card", "card"), Index("ix_difference_state", "state"),
)  # fmt: skip
"""What a card's records say and the books do not (findings.rows.Kind). mark: which step of it, or which report."""

explanation = Table(
    "explanation", metadata, Column("difference", Big, primary_key=True, autoincrement=False), _col("who", Text),
    _col("reason", Text), _col("at_ms", Big),
)  # fmt: skip

finding = Table(
    "finding", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("card", Bytes),
    _col("application", Small), _col("kind", Small), _col("mark", Big), _maybe("record", Big), _maybe("beside", Big),
    _col("state", Small), _col("found_ms", Big), _col("found_s", Big), _col("until_s", Big), _col("changed_ms", Big),
    Index("ix_finding_card", "card"), Index("ix_finding_state", "state"),
)  # fmt: skip
"""What the books have found of a card (findings.found.What), and the records that show it. mark: the record, counter or
difference that it is about; until_s: when its cap ends by itself, 0: it caps nobody."""

finding_word = Table(
    "finding_word", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("finding", Big),
    _col("deed", Small), _col("who", Text), _col("reason", Text), _col("at_ms", Big), _col("at_s", Big),
    UniqueConstraint("finding", "deed", name="uq_finding_word"),
)  # fmt: skip
"""Append-only: who has confirmed or undone a finding, and why."""

purse_apart = Table(
    "purse_apart", metadata, _col("card", Bytes), _col("application", Small), _col("expected_fen", Big),
    _col("known_fen", Big), _col("late_fen", Big), _col("missing", Integer), _maybe("record", Big),
    _col("since_ms", Big), _col("at_ms", Big), PrimaryKeyConstraint("card", "application"), sqlite_with_rowid=False,
)  # fmt: skip
"""Purses that do not close now: what the books expect, what the card's newest record says, and what is late of it."""

# --- what boxes bear witness of ----------------------------------------------------------------------------------

book_chain = Table(
    "book_chain", metadata, Column("number", Big, primary_key=True, autoincrement=False), _col("kind", Small),
    _col("what", Big), _col("digest", Bytes), _col("at_ms", Big), _col("hash", Bytes),
)  # fmt: skip
"""Append-only: a link for everything that no record can bring again (journal.book_chain)."""

put_back = Table(
    "put_back", metadata, _id(), _col("box", Text), _col("store", Bytes), _col("partition", Small), _col("shown", Big),
    _col("here", Big), _col("chain", Bytes), _col("row_shown", Big), _col("row_here", Big), _col("first", Big),
    _col("last", Big), _col("book", Bytes), _col("since_ms", Big), _col("at_ms", Big),
)  # fmt: skip
"""Append-only: a box showed an ack that this ledger does not contain (receive.put_back). shown, chain: its number and
hash; first..last: the book-only links that are gone, up to the one with the hash `book`."""

put_back_again = Table(
    "put_back_again", metadata, _col("put_back", Big), _col("device", Bytes), _col("records", Big),
    _col("spent_fen", Big), _col("loaded_fen", Big), PrimaryKeyConstraint("put_back", "device"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""What came again from the box, by terminal."""

put_back_close = Table(
    "put_back_close", metadata, Column("put_back", Big, primary_key=True, autoincrement=False), _col("proposal", Big)
)
"""Append-only: two persons have seen to what cannot come again."""

witness = Table(
    "witness", metadata, Column("box", Text, primary_key=True), _col("store", Bytes), _col("partition", Small),
    _col("form", Small), _col("number", Big), _col("at_ms", Big),
)  # fmt: skip
"""A box's last Hello: its store, the form of the wire that it speaks. number: the newest book-only link that it has
shown and that was contained, or that stood here when it was heard first."""

backup_mark = Table(
    "backup_mark", metadata, _col("box", Text), _col("store", Bytes), _col("row", Big), _col("made_ms", Big),
    PrimaryKeyConstraint("box", "store"),
)  # fmt: skip
"""All rows of the box's store up to `row` stand in the newest backup that was archived and verified."""

# --- losses after a report ---------------------------------------------------------------------------------------

loss_report = Table(
    "loss_report", metadata, Column("deed", Big, primary_key=True, autoincrement=False), _col("told", Bytes)
)
"""What terminals had told when a card was reported lost (losses.reports)."""

loss = Table(
    "loss", metadata, _id(), _col("record", Big), _col("card", Bytes), _col("application", Small), _col("fen", Big),
    _col("provided_fen", Big), _col("entry", Big), _maybe("undone", Big),
    Index("ix_loss_card", "card"), Index("ix_loss_record", "record"),
)  # fmt: skip
"""A purchase that the school bears. provided_fen: paid by what was provided. undone: the entry that took it back."""

write_off = Table(
    "write_off", metadata, _col("card", Bytes), _col("device", Bytes), _col("deed", Big), _col("proposal", Big),
    _col("fen", Big), _maybe("entry", Big), _col("at_ms", Big), PrimaryKeyConstraint("card", "device", "deed"),
)  # fmt: skip
"""A terminal that a card's balance waits for no longer. deed: the report or the keeping that froze it: a card that was
found and lost again is waited for anew. fen, entry: what was provided, on a proposal's first row."""

write_off_due = Table(
    "write_off_due", metadata, _col("card", Bytes), _col("device", Bytes), _col("deed", Big), _col("at_ms", Big),
    PrimaryKeyConstraint("card", "device", "deed"),
)  # fmt: skip
"""A proposal that stands by itself: its terminal was silent for so long."""

# --- documents of the fleet --------------------------------------------------------------------------------------


def _which() -> tuple[Column[Any], Column[Any]]:
    """Kind and scope of a document (shared.fleet.document)."""
    return _col("kind", Small), _col("scope", Bytes)


document = Table(
    "document", metadata, _id(), *_which(), _col("generation", Big), _col("length", Integer), _col("digest", Bytes),
    _col("pages", Bytes), _col("who", Text), _col("made_ms", Big), _col("made_s", Big),
    UniqueConstraint("kind", "scope", "generation", name="uq_document_generation"),
)  # fmt: skip
"""Append-only. pages: the SHA-256 of each page, of which `digest` is the SHA-256."""

document_page = Table(
    "document_page", metadata, _col("digest", Bytes), _col("data", Bytes), PrimaryKeyConstraint("digest")
)
"""Append-only: each page once, however many generations have it."""

document_head = Table(
    "document_head", metadata, *_which(), _col("generation", Big), _col("as_of", Big), _col("raw", Bytes),
    _col("signature", Bytes), _col("signed_ms", Big), PrimaryKeyConstraint("kind", "scope"),
)  # fmt: skip
"""The newest head of each document, as it was signed last."""

document_delta = Table(
    "document_delta", metadata, *_which(), _col("generation", Big), _col("raw", Bytes),
    PrimaryKeyConstraint("kind", "scope"),
)  # fmt: skip
"""To this generation, from the one before it. Only of the newest."""

document_held = Table(
    "document_held", metadata, _col("box", Text), *_which(), _col("generation", Big), _col("digest", Bytes),
    _col("as_of", Big), _col("at_ms", Big), PrimaryKeyConstraint("box", "kind", "scope"),
)  # fmt: skip
"""What is durable at a box, as it said last."""

document_reported = Table(
    "document_reported", metadata, _col("device", Bytes), *_which(), _col("generation", Big), _col("digest", Bytes),
    _col("echo", Big), _col("seq", Big), _col("as_of", Big), _col("offered", Big), _col("verdict", Small),
    _col("detail", Bytes), _col("box", Text), _col("at_ms", Big), _col("since_ms", Big), _col("reached", Big),
    _col("told", Big), PrimaryKeyConstraint("device", "kind", "scope"),
)  # fmt: skip
"""A terminal's last word. since_ms: when it first said that this generation is in use; reached: the highest one of
ours that it ever said so of; told: the generation that it was last told to be behind, 0: none."""

hotlist_named = Table(
    "hotlist_named", metadata, _col("card", Bytes), _col("since", Big), _maybe("until", Big),
    PrimaryKeyConstraint("card", "since"),
)  # fmt: skip
"""The hotlists of the campus that name a card: from this generation on, up to and without that one."""

hotlist_change = Table(
    "hotlist_change", metadata, Column("version", Big, primary_key=True, autoincrement=False), _col("card", Bytes),
)  # fmt: skip
"""Which card each step of the watermark `hotlist` was about: who follows it need not read all of them anew."""

hotlisted = Table(
    "hotlisted", metadata, _col("card", Bytes), _col("reason", Small), _col("who", Text), _col("text", Text),
    _col("since_ms", Big), PrimaryKeyConstraint("card", "reason"),
)  # fmt: skip
"""Why a card is on the hotlist (cards.listing.Listed): as long as there is one reason, it is."""

# --- jobs: orders to terminals -----------------------------------------------------------------------------------

job = Table(
    "job", metadata, Column("number", Big, primary_key=True, autoincrement=False), _col("verb", Small),
    _col("body", Bytes), _col("who", Text), _col("reason", Text), _col("made_ms", Big), _col("expires_ms", Big),
    _col("run_ms", Big), _col("width", Big), _col("stop_percent", Small), _col("stop_min", Big), _col("cancels", Big),
    _col("retries", Big),
)  # fmt: skip
"""One order to many terminals. cancels, retries: the job that it is about, 0: none."""

job_row = Table(
    "job_row", metadata, _col("job", Big), _col("device", Bytes), _col("generation", Big), _col("state", Small),
    _col("box", Text), _col("verdict", Small), _col("detail", Bytes), _col("sent_ms", Big), _col("box_ms", Big),
    _col("stored_ms", Big), _col("over_ms", Big), _col("asked_ms", Big), _col("body", Bytes), _col("head", Bytes),
    _col("signature", Bytes), Column("bus_ms", Big, nullable=False, server_default="0"),
    PrimaryKeyConstraint("job", "device"), UniqueConstraint("device", "generation", name="uq_job_row_generation"),
    Index("ix_job_row_state", "state"),
)  # fmt: skip
"""One terminal in it: which hop has answered, and when (fleet.jobs.state.RowState); head: signed, and sent in turn."""

job_piece = Table(
    "job_piece", metadata, _col("device", Bytes), _col("generation", Big), _col("number", Small), _col("total", Small),
    _col("crc", Big), _col("data", Bytes), _col("at_ms", Big), PrimaryKeyConstraint("device", "generation", "number"),
)  # fmt: skip
"""What a terminal says at length about an order, a log or a slip: the newest few of each (fleet.jobs.pieces)."""

discount = Table(
    "discount", metadata, Column("record", Big, primary_key=True, autoincrement=False), _col("bearer", Small),
    _col("fen", Big), _col("state", Small), _maybe("entry", Big), _maybe("undone", Big),
    Index("ix_discount_state", "state"),
)  # fmt: skip
"""What a sale was taken off by, and somebody else than the merchant bears (findings.discounts.State)."""

# --- firmware: releases and events append-only -------------------------------------------------------------------

firmware_release = Table(
    "firmware_release", metadata, _col("model", Big), _col("release", Big), _col("name", Text), _col("length", Big),
    _col("digest", Bytes), _col("key_version", Small), _col("public", Bytes), _col("certificate", Bytes),
    _col("raw", Bytes), _col("signature", Bytes), _col("returns_to", Big), _col("who", Text), _col("at_ms", Big),
    PrimaryKeyConstraint("model", "release"),
)  # fmt: skip
"""What the officers signed; its bytes are the document of this generation. raw, signature: their head. returns_to: the
earlier release with this very program, 0: none."""

firmware_trust = Table(
    "firmware_trust", metadata, Column("id", Big, primary_key=True, autoincrement=False), _col("raw", Bytes),
    _col("who", Text), _col("at_ms", Big),
)  # fmt: skip
"""The officers' part of the chain that boxes believe firmware by (shared/keys/trust.py); the newest one counts."""

rollout = Table(
    "rollout", metadata, Column("number", Big, primary_key=True, autoincrement=False), _col("model", Big),
    _col("release", Big), _col("who", Text), _col("reason", Text), _col("made_ms", Big), _col("canary", Big),
    _col("waves", Text), _col("stop_percent", Small), _col("stop_min", Big), _col("wait_ms", Big), _col("run_ms", Big),
    _col("returns", Big), _col("retries", Big),
)  # fmt: skip
"""One release to many terminals. returns, retries: the roll-out that it is about, 0: none."""

rollout_event = Table(
    "rollout_event", metadata, _col("rollout", Big), _col("number", Big), _col("kind", Small), _col("wave", Big),
    _col("who", Text), _col("reason", Text), _col("at_ms", Big), PrimaryKeyConstraint("rollout", "number"),
)  # fmt: skip
"""What has happened to it (fleet.firmware.state.EventKind): where it stands follows from the last one."""

rollout_row = Table(
    "rollout_row", metadata, _col("rollout", Big), _col("device", Bytes), _col("wave", Big), _col("generation", Big),
    _col("state", Small), _col("before", Big), _col("box", Text), _col("why", Small), _col("verdict", Small),
    _col("detail", Bytes), _col("lacking", Big), _col("total", Big), _col("running", Big), _col("sent_ms", Big),
    _col("box_ms", Big), _col("begun_ms", Big), _col("over_ms", Big), _col("body", Bytes), _col("head", Bytes),
    _col("signature", Bytes), _col("off_body", Bytes), _col("off_head", Bytes), _col("off_signature", Bytes),
    PrimaryKeyConstraint("rollout", "device"), Index("ix_rollout_row_state", "state"),
    Index("ix_rollout_row_device", "device"),
)  # fmt: skip
"""One terminal in it (fleet.firmware.state.TerminalState); head, off_head: its permit, and what takes it back."""

# --- releases of boxes: releases and events append-only ------------------------------------------------------------

box_release = Table(
    "box_release", metadata, _col("machine", Text), _col("number", Big), _col("name", Text), _col("length", Big),
    _col("digest", Bytes), _col("body", Bytes), _col("who", Text), _col("at_ms", Big),
    PrimaryKeyConstraint("machine", "number"),
)  # fmt: skip
"""An archive that the officers stand for (firmware_trust). digest: its SHA-256; body: its bytes."""

box_rollout = Table(
    "box_rollout", metadata, Column("number", Big, primary_key=True, autoincrement=False), _col("machine", Text),
    _col("release", Big), _col("who", Text), _col("reason", Text), _col("made_ms", Big), _col("canary", Big),
    _col("waves", Text), _col("stop_percent", Small), _col("stop_min", Big), _col("wait_ms", Big), _col("run_ms", Big),
    _col("returns", Big), _col("retries", Big), _col("at_once", Small),
)  # fmt: skip
"""One release to many boxes. at_once: they do not wait for a quiet moment."""

box_rollout_event = Table(
    "box_rollout_event", metadata, _col("rollout", Big), _col("number", Big), _col("kind", Small), _col("wave", Big),
    _col("who", Text), _col("reason", Text), _col("at_ms", Big), PrimaryKeyConstraint("rollout", "number"),
)  # fmt: skip

box_rollout_row = Table(
    "box_rollout_row", metadata, _col("rollout", Big), _col("box", Text), _col("wave", Big), _col("state", Small),
    _col("before", Big), _col("why", Text), _col("words", Text), _col("lacking", Big), _col("total", Big),
    _col("running", Big), _col("sent_ms", Big), _col("begun_ms", Big), _col("over_ms", Big),
    PrimaryKeyConstraint("rollout", "box"), Index("ix_box_rollout_row_box", "box"),
)  # fmt: skip
"""One box in it (fleet.firmware.state.TerminalState): what it has said itself, and what follows from the time."""

box_running = Table(
    "box_running", metadata, _col("box", Text), _col("name", Text), _col("number", Big), _col("machine", Text),
    _col("about", Big), _col("stage", Small), _col("why", Text), _col("words", Text), _col("at_ms", Big),
    PrimaryKeyConstraint("box"),
)  # fmt: skip
"""What a box has said last of its own release."""

schema_reader = Table("schema_reader", metadata, _col("least", Text), PrimaryKeyConstraint("least"))
"""One row: the oldest schema whose programs may still open these books (schema/migrate.py)."""

# --- parameters: append-only -------------------------------------------------------------------------------------

parameter_file = Table(
    "parameter_file", metadata, _id(), _col("digest", Bytes), _col("text", Text), _col("who", Text), _col("at_ms", Big),
    UniqueConstraint("digest", name="uq_parameter_file_digest"),
)  # fmt: skip
"""A campus file as it was pushed first. digest: SHA-256 of its text."""

parameter_push = Table(
    "parameter_push", metadata, _id(), _col("file", Big), _col("kind", Small), _col("who", Text),
    _col("targets", Bytes), _maybe("proposal", Big), _col("at_ms", Big),
)  # fmt: skip
"""targets: the terminals that it is meant for, CBOR, also those that had it already or wait behind a canary."""

parameter_made = Table(
    "parameter_made", metadata, _col("push", Big), _col("device", Bytes), _col("generation", Big),
    PrimaryKeyConstraint("push", "device"),
)  # fmt: skip

parameter_trial = Table(
    "parameter_trial", metadata, _col("push", Big), _col("device", Bytes), _col("generation", Big),
    _col("until_s", Big), _col("raw", Bytes), _col("signature", Bytes), _col("body", Bytes),
    PrimaryKeyConstraint("push", "device"),
)  # fmt: skip
"""A tightened limit, which ends. raw, signature, body: the head and bytes of the next generation, signed beforehand by
the order of two persons; they are made when the time has come, if `generation` is the newest one by then."""

parameter_canary = Table(
    "parameter_canary", metadata, _col("push", Big), _col("device", Bytes), _col("outcome", Small),
    _col("generation", Big), _col("raw", Bytes), _col("signature", Bytes), _col("body", Bytes),
    PrimaryKeyConstraint("push", "device"),
)  # fmt: skip
"""Signed with a canary, for the day on which it is judged: back (1) at those that have it, on (2) at the others."""

canary_word = Table(
    "canary_word", metadata, _col("push", Big), _col("word", Small), _col("at_ms", Big),
    PrimaryKeyConstraint("push", "word"),
)  # fmt: skip
"""What became of it (fleet.parameters.canary.Word), each said once."""

device_tally = Table(
    "device_tally", metadata, _col("device", Bytes), _col("day", Big), _col("generation", Big), _col("boot", Big),
    _col("served", Big), _col("declined", Big), _col("reasons", Bytes), _col("at_ms", Big),
    PrimaryKeyConstraint("device", "day", "generation", "boot"), Index("ix_device_tally_day", "day"),
)  # fmt: skip
"""What a terminal served and refused in a business day, under a generation of its parameters, since a power-on.
reasons: CBOR, [[reason, times], …]. Not append-only: totals grow, and go in time (fleet.parameters.tallies)."""

# --- what is told ------------------------------------------------------------------------------------------------

fact = Table(
    "fact", metadata, _id(), _col("at_ms", Big), _col("level", Text), _col("code", Text), _col("box", Text),
    _col("device", Bytes), _col("text", Text), _col("params", Text), Index("ix_fact_device", "device", "id"),
)  # fmt: skip
"""text: only of boxes and ledgers before there were parameters, else empty. params: as facts.to_json writes them."""

device_status = Table(
    "device_status", metadata, _col("device", Bytes), _col("box", Text), _col("at_ms", Big),
    _col("hotlist_version", Big), _col("parameter_version", Big), _col("slots_left", Big), _col("clock_set", Small),
    _col("day", Integer), _col("day_first_seq", Big),
    PrimaryKeyConstraint("device"),
)  # fmt: skip

epoch_status = Table(
    "epoch_status", metadata, _col("device", Bytes), _col("epoch", Integer), _col("psam", Bytes), _col("oldest", Big),
    _col("last", Big), _col("settled", Big), _col("open_slots", Integer), _col("at_ms", Big),
    PrimaryKeyConstraint("device", "epoch"),
)  # fmt: skip

box_state = Table(
    "box_state", metadata, _col("box", Text), _col("at_ms", Big), _col("state", Bytes), PrimaryKeyConstraint("box")
)
