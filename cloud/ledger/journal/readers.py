"""Which programs can read these books 最低可读版本: the oldest schema whose programs know all that is in them.

A migration that only adds tables leaves older programs free to come back. What they could not read is not the table but
the first row of a kind that they have never heard of: the transaction that writes it raises `schema_reader`, and from
then on they are refused with the ways out (schema/migrate.py). A school that never uses what is new can go back.
"""

from collections.abc import Mapping

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.journal.book_chain import BookLinkKind
from shared.fleet.document import DocumentKind
from shared.records import Kind

FINDINGS = "0030"
MEALS = "0032"
CODES = "0034"
ORDERS = "0035"
SPLIT = "0040"
DEPOSITS = "0042"
OFFLINE = "0043"
SPARES = "0044"
REFUNDS = "0045"
BOUNDS = "0047"
TILL_ORDERS = "0048"
ENDS = "0051"
CHANNELS = "0052"
MEALS_BACK = "0054"
PAY_BOUNDS = "0055"
"""Schemas by what they brought."""
RECORDS: Mapping[int, str] = {Kind.MEAL: MEALS, Kind.CODE: OFFLINE}
ENTRIES: Mapping[int, str] = {
    **dict.fromkeys((EntryKind.MEAL, EntryKind.MEAL_SHEET, EntryKind.MEAL_REPAID), MEALS),
    EntryKind.MEAL_TAKEN_BACK: MEALS_BACK,
    **dict.fromkeys(
        (EntryKind.ONLINE_AUTHORISED, EntryKind.ONLINE_CAPTURED, EntryKind.ONLINE_VOID, EntryKind.ONLINE_REFUNDED),
        ORDERS,
    ),
    **dict.fromkeys(
        (EntryKind.PROVIDER_OWES, EntryKind.PROVIDER_SETTLED, EntryKind.DEPOSIT_REFUNDED, EntryKind.DEPOSIT_SUSPENDED,
         EntryKind.DEPOSIT_ASSIGNED), DEPOSITS,
    ),
    **dict.fromkeys(
        (EntryKind.REFUND_HELD, EntryKind.REFUND_DONE, EntryKind.REFUND_BACK, EntryKind.PROVIDER_FEE,
         EntryKind.PROVIDER_FEE_BACK), REFUNDS,
    ),
    **dict.fromkeys((EntryKind.SPARE_LENT, EntryKind.SPARE_RETURNED), SPARES),
    **dict.fromkeys((EntryKind.SPARE_KEPT, EntryKind.SPARE_REGAINED), ENDS),
    **dict.fromkeys((EntryKind.CODE_PAID, EntryKind.CODE_BORNE), OFFLINE),
}  # fmt: skip
LINKS: Mapping[int, str] = {
    BookLinkKind.FINDING_WORD: FINDINGS, BookLinkKind.ROSTER: MEALS, BookLinkKind.MEAL_RULE: MEALS,
    BookLinkKind.PAY_ORDER: ORDERS, BookLinkKind.PAY_ORDER_CLOSED: ORDERS, BookLinkKind.AUTO_LOAD: SPLIT,
    BookLinkKind.MOVE_ORDER: SPLIT, BookLinkKind.DEPOSIT_STEP: DEPOSITS, BookLinkKind.DEPOSIT_BILL: DEPOSITS,
    BookLinkKind.CODE_RULE: OFFLINE, BookLinkKind.CERTIFICATE: OFFLINE,
    BookLinkKind.ACCOUNT_BOUND: BOUNDS, BookLinkKind.TILL_ORDER: TILL_ORDERS,
    BookLinkKind.REFUND_STEP: REFUNDS, BookLinkKind.SETTLEMENT: REFUNDS,
    BookLinkKind.SPARE: SPARES,
    BookLinkKind.ITEM_BACK: CHANNELS, BookLinkKind.FEE_INVOICE: CHANNELS,
    BookLinkKind.PAY_BOUND: PAY_BOUNDS,
}  # fmt: skip
DOCUMENTS: Mapping[int, str] = {
    DocumentKind.CAPPED: FINDINGS, DocumentKind.ENROLLED: MEALS, DocumentKind.WALLETS: OFFLINE,
}  # fmt: skip
"""Kind → schema; every kind that is not here was known to the programs of LEAST."""
