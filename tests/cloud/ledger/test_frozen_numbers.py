"""Numbers that stand in the books: added to, never changed. A ledger of an older release holds them."""

from enum import IntEnum

import pytest

from cloud.ledger.books.entry import EntryFlag, EntryKind
from cloud.ledger.cards.life import DeedKind
from cloud.ledger.cards.listing import Why
from cloud.ledger.desk.receipts import ReceiptKind
from cloud.ledger.desk.stock import Drawn
from cloud.ledger.findings.discounts import State as DiscountState
from cloud.ledger.fleet.firmware.state import EventKind, TerminalState
from cloud.ledger.fleet.jobs.state import RowState
from cloud.ledger.fleet.parameters.canaries import Outcome as CanaryOutcome
from cloud.ledger.fleet.parameters.rows import PushKind
from cloud.ledger.funds.offline.terms import Beyond, EndWhy
from cloud.ledger.funds.orders.rows import OnlineState
from cloud.ledger.funds.orders.rows import OrderState as PayOrderState
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.funds.providers.items import ItemKind
from cloud.ledger.funds.providers.terms import OrderState, RefundState
from cloud.ledger.funds.spares import SpareAct
from cloud.ledger.held.two_persons import Outcome, ProposalKind
from cloud.ledger.journal.book_chain import BookLinkKind
from cloud.ledger.journal.booking import BatchKind
from cloud.ledger.loads.retry import Retry
from cloud.ledger.loads.sources import Source
from cloud.ledger.loads.unloads import UnloadState
from cloud.ledger.receive.quarantine import QuarantineState
from cloud.ledger.receive.voids import VoidState
from cloud.ledger.records.grey import State
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.stolen import Act
from cloud.ledger.records.values import Verdict
from cloud.parameters.canary import Word

NUMBERS: dict[type[IntEnum], dict[str, int]] = {
    Verdict: {"POSTED": 1, "HELD": 2, "SUSPENSE": 3, "QUARANTINED": 4, "NO_ENTRY": 5, "DUPLICATE": 6},
    Reason: {
        "NONE": 0, "DEVICE_UNKNOWN": 1, "OTHER_BOX": 2, "PSAM_UNKNOWN": 3, "PSAM_MOVED": 4, "FORK": 5,
        "STOLEN": 6, "UNPROVEN": 10, "UNDECODABLE": 20, "WRONG_TAC": 21, "KEY_UNKNOWN": 22, "CARD_UNKNOWN":
        23, "CARD_KEY_TAKEN": 24, "TTN_TAKEN": 25, "VOID_MAC": 26, "LOAD_PURSE": 27, "DEFECT": 28,
        "EPOCH_AHEAD": 29, "SWAPPED": 36,
        "NOT_DEBITED": 30, "NOT_CREDITED": 31, "ZERO": 32, "VOID": 40, "VOID_NO_SALE": 41, "VOID_TWICE": 42,
        "VOID_PIN": 43, "VOID_BOUND": 44, "VOID_WHOLE": 45, "VOID_WITNESS": 46,
        "PAYMENT_MAC": 47, "MEAL_MAC": 60, "MEAL_UNKNOWN": 61,
        "CODE_MAC": 70, "CODE_UNKNOWN": 71, "CODE_SIGNATURE": 72,
    },
    State: {"OPEN": 0, "EVIDENCE": 1, "RECOVERED": 2, "NOTHING": 3, "EMPTY": 4},
    Act: {"STOLEN": 1, "FOUND": 2, "RENUMBERED": 3},
    RowState: {
        "QUEUED": 1, "OFFERED": 2, "AT_BOX": 3, "STORED": 4, "ON_BUS": 5, "OK": 10, "REFUSED": 11, "TIMED_OUT": 12,
        "EXPIRED": 13, "CANCELLED": 14, "STOPPED": 15,
    },
    ProposalKind: {
        "HELD": 1, "PUT_BACK": 2, "WRITE_OFF": 6, "MOVE": 12, "EPOCH": 13, "SWAP": 15, "VOID": 22, "REVERSAL": 24,
        "TIGHTER": 30, "DAY": 31, "MEAL_SHEET": 36, "MEAL_BACK": 64,
        "DEPOSIT": 48, "REFUND": 54,
    },
    OrderState: {"MADE": 0, "SENT": 1, "PAID": 2, "CLOSED": 3, "REFUNDED": 4, "PERSON": 5},
    PayOrderState: {"OPEN": 0, "PAID": 1, "CLOSED": 2},
    OnlineState: {"AUTHORISED": 1, "CAPTURED": 2, "VOID": 3, "EXPIRED": 4},
    RefundState: {"ASKED": 0, "TAKEN": 1, "DONE": 2, "REFUSED": 3, "PERSON": 4},
    ItemKind: {
        "UNKNOWN": 1, "LONG": 2, "SHORT": 3, "UNKNOWN_REFUND": 4, "UNCLEAR": 5, "REFUND_SHORT": 6, "TWICE": 7,
        "FEE": 8, "MOVED": 9, "OVERSETTLED": 10, "RESETTLED": 11,
    },
    DiscountState: {"WAITING": 1, "BORNE": 2, "UNDONE": 3, "DOUBTED": 4},
    Word: {
        "WATCHED": 1, "QUIET": 2, "ALONE": 3, "HELD": 4, "BACK": 10, "ON": 11, "OVERTAKEN": 12, "STUCK": 13,
    },
    CanaryOutcome: {"BACK": 1, "ON": 2},
    PushKind: {
        "PUSH": 1, "CANARY": 2, "CONTINUE": 3, "ROLLBACK": 4, "TRIAL": 5, "END": 6, "AGAIN": 7, "BACK": 8,
    },
    Outcome: {"CONFIRMED": 1, "REJECTED": 2},
    DeedKind: {
        "LOST": 1, "FOUND": 2, "REPLACED": 3, "RELEASED": 4, "CLASS": 5, "ACTIVATED": 6, "REISSUED": 7,
        "DRAWN": 8, "SPOILED": 9, "KEPT": 10,
    },
    QuarantineState: {"OPEN": 0, "POSTED": 1, "NO_ENTRY": 2, "SUSPENSE": 3},
    VoidState: {"WAITING": 0, "POSTED": 1, "HELD": 2},
    ReceiptKind: {
        "CASH_IN": 1, "CASH_OUT": 2, "CASH_FLOAT": 3, "UNLOAD": 4, "REPLACE": 5, "RELEASE": 6,
        "SPARE_LENT": 7, "SPARE_RETURNED": 8,
    },
    Drawn: {"LEFT": 1, "USED": 2, "SPOILED": 3},
    UnloadState: {"PENDING": 1, "CONFIRMED": 2, "CONFIRMED_BY_COUNTER": 3, "NOT_TAKEN": 4},
    Source: {"ONLINE": 0, "PENDING": 1},
    Retry: {"OPEN": 0, "OFFERED": 1, "USED": 2, "CLOSED": 3, "SECOND": 4, "OFFERED_TWICE": 5, "OFFERED_LAST": 6},
    CaseState: {"REFUSED": 0, "PENDING": 1, "CONFIRMED": 2, "CONFIRMED_BY_COUNTER": 3, "REVERSED": 4},
    EntryKind: {
        "OPENING": 1, "DEPOSIT": 2, "PURCHASE": 3, "EVIDENCE": 4, "EVIDENCE_WITHDRAWN": 5, "LOAD_AUTHORISED":
        6, "LOAD_CONFIRMED": 7, "LOAD_CONFIRMED_BY_COUNTER": 8, "LOAD_REVERSED": 9, "LOAD_ALONE": 10,
        "OPENING_SUBSIDY": 11, "VOID": 12, "CASH_IN": 20, "CASH_OUT": 21, "CASH_FLOAT": 22, "UNLOADED": 23,
        "UNLOADED_BY_COUNTER": 24, "CARD_REPLACED": 25, "LOSS_RELEASED": 26, "CASH_CLOSED": 27, "GRANT": 30,
        "CLAIM_AUTHORISED": 31, "CLAIM_REVERSED": 32, "CLAIM_ALONE": 33, "HELD_RELEASED": 40, "HELD_RETURNED":
        41, "LOSS_BORNE": 50, "LOSS_TAKEN_BACK": 51, "LOSS_PROVIDED": 52, "LOSS_UNPROVIDED": 53,
        "ACCOUNT_PAID": 60, "ACCOUNT_REVERSED": 61, "ONLINE_AUTHORISED": 62,
        "ONLINE_CAPTURED": 63, "ONLINE_VOID": 64, "ONLINE_REFUNDED": 65,
        "DISCOUNT_BORNE": 70, "DISCOUNT_TAKEN_BACK": 71,
        "MEAL": 80, "MEAL_SHEET": 81, "MEAL_REPAID": 82,
        "PROVIDER_OWES": 90, "PROVIDER_SETTLED": 91, "DEPOSIT_REFUNDED": 92, "DEPOSIT_SUSPENDED": 93,
        "DEPOSIT_ASSIGNED": 94, "CODE_PAID": 100, "CODE_BORNE": 101,
        "REFUND_HELD": 105, "REFUND_DONE": 106, "REFUND_BACK": 107, "PROVIDER_FEE": 108, "PROVIDER_FEE_BACK": 109,
        "SPARE_LENT": 110, "SPARE_RETURNED": 111, "SPARE_KEPT": 114, "SPARE_REGAINED": 115,
        "MEAL_TAKEN_BACK": 119,
    },
    Beyond: {"NOTHING": 0, "TWICE": 1, "USES": 2, "SUM": 3, "TIME": 4, "ENDED": 5, "LISTED": 6},
    EndWhy: {"NEWER_PHONE": 1, "LOST": 2, "TWICE": 3, "HOLDER": 4, "PERSON": 5},
    PaymentState: {"REFUSED": 0, "APPROVED": 1, "REVERSED": 2, "TOMBSTONE": 3, "HELD": 4, "WORD": 5, "OPEN": 6},
    EntryFlag: {"TIME_DOUBTFUL": 1, "MERCHANT_HELD": 2},
    Why: {"COMMAND": 1, "LOST": 2, "REPLACED": 3, "SPOILED": 4, "FINDING": 5, "CLONE": 6, "SPARE": 7},
    SpareAct: {
        "STOCKED": 1, "HANDED": 2, "LENT": 3, "RETURNED": 4, "OVERDUE": 5, "COLLECTED": 6, "WRITTEN_OFF": 7,
        "TAKEN_IN": 8,
    },
    BatchKind: {"ORDINARY": 0, "RECOVERY": 1},
    TerminalState: {
        "QUEUED": 1, "OFFERED": 2, "AT_BOX": 3, "PERMITTED": 4, "WAITING": 5, "RECEIVING": 6, "WHOLE": 7, "TRIED": 8,
        "IN_USE": 10, "ALREADY": 11, "RETURNED": 12, "REFUSED": 13, "SILENT": 14, "STOPPED": 15,
    },
    EventKind: {
        "MADE": 1, "OPENED": 2, "PASSED": 3, "UNDECIDED": 4, "CANARY": 5, "FAILED": 6, "STOPPED": 7, "RESUMED": 8,
        "OVER": 9,
    },
    BookLinkKind: {
        "ENTRY": 1, "DEED": 2, "PROPOSAL": 3, "DECISION": 4, "CLOSE": 5, "REVOCATION": 6, "IMPORT": 7,
        "EXPLANATION": 8, "UNLOAD": 9, "HOTLIST": 10, "PUT_BACK": 11, "DOCUMENT": 12, "JOB": 13,
        "DAY": 14, "RELEASE": 20, "ROLLOUT": 21, "ROLLOUT_EVENT": 22, "BANK": 30, "FLOOR": 31, "FINDING_WORD": 32,
        "ROSTER": 36, "MEAL_RULE": 37, "PAY_ORDER": 44, "PAY_ORDER_CLOSED": 45, "AUTO_LOAD": 40, "MOVE_ORDER": 41,
        "DEPOSIT_STEP": 48, "DEPOSIT_BILL": 49, "CODE_RULE": 50, "CERTIFICATE": 51,
        "REFUND_STEP": 54, "SETTLEMENT": 55, "SPARE": 52, "ACCOUNT_BOUND": 58, "TILL_ORDER": 59,
        "ITEM_BACK": 62, "FEE_INVOICE": 63, "PAY_BOUND": 65,
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", NUMBERS, ids=lambda kind: kind.__name__)
def test_a_number_in_the_books_never_changes(kind: type[IntEnum]) -> None:
    assert {name: int(member) for name, member in kind.__members__.items()} == NUMBERS[kind]
