"""Verdicts as a table: one line per rule of RECORDS "Keys and verdicts"."""

import pytest

from cloud.ledger.records.judge import DUPLICATE, Judgement, Known, Reason, judge
from cloud.ledger.records.values import Verdict
from shared.purse.tac import TacVerdict
from shared.records import Kind
from tests.cloud.ledger import campus as c

BUY = c.purchase(1, c.card(1), 7, 100, 1000)
LOAD = c.load(1, c.card(1), 7, 100, 1000, request=1)
OK = int(TacVerdict.OK)
SEEN = Known(tac=OK)


def _of(kind: Kind) -> c.Record:
    base = LOAD if kind in (Kind.LOAD_UNPROVEN, Kind.NOT_CREDITED) else BUY
    return base._replace(kind=kind)


TABLE = {
    "proven": (BUY, SEEN, Verdict.POSTED, Reason.NONE),
    "identical": (BUY, SEEN._replace(same=True, other=True), Verdict.DUPLICATE, Reason.NONE),
    "identical though unreadable": (None, Known(same=True), Verdict.DUPLICATE, Reason.NONE),
    "unreadable": (None, Known(), Verdict.QUARANTINED, Reason.UNDECODABLE),
    "wrong TAC": (BUY, Known(tac=TacVerdict.WRONG), Verdict.QUARANTINED, Reason.WRONG_TAC),
    "no answer possible": (BUY, Known(tac=None), Verdict.QUARANTINED, Reason.WRONG_TAC),
    "unknown key": (BUY, Known(tac=TacVerdict.UNKNOWN_KEY), Verdict.QUARANTINED, Reason.KEY_UNKNOWN),
    "unknown algorithm": (BUY, Known(tac=TacVerdict.UNKNOWN_ALGORITHM), Verdict.QUARANTINED, Reason.KEY_UNKNOWN),
    "unknown card": (BUY, SEEN._replace(card_known=False), Verdict.QUARANTINED, Reason.CARD_UNKNOWN),
    "card key taken": (BUY, SEEN._replace(card_key_taken=True), Verdict.QUARANTINED, Reason.CARD_KEY_TAKEN),
    "terminal number taken": (BUY, SEEN._replace(ttn_taken=True), Verdict.QUARANTINED, Reason.TTN_TAKEN),
    "both taken": (BUY, SEEN._replace(ttn_taken=True, card_key_taken=True), Verdict.QUARANTINED, Reason.TTN_TAKEN),
    "a fork whose card key is taken": (BUY, SEEN._replace(other=True, card_key_taken=True), Verdict.QUARANTINED,
                                       Reason.CARD_KEY_TAKEN),
    "fork": (BUY, SEEN._replace(other=True), Verdict.HELD, Reason.FORK),
    "fork with a wrong TAC": (BUY, Known(other=True, tac=TacVerdict.WRONG), Verdict.QUARANTINED, Reason.WRONG_TAC),
    "unknown device": (BUY, SEEN._replace(place=Reason.DEVICE_UNKNOWN), Verdict.HELD, Reason.DEVICE_UNKNOWN),
    "another box": (BUY, SEEN._replace(place=Reason.OTHER_BOX), Verdict.HELD, Reason.OTHER_BOX),
    "unknown PSAM": (BUY, SEEN._replace(place=Reason.PSAM_UNKNOWN), Verdict.HELD, Reason.PSAM_UNKNOWN),
    "PSAM moved": (BUY, SEEN._replace(place=Reason.PSAM_MOVED), Verdict.HELD, Reason.PSAM_MOVED),
    "a fork tells more than the place": (BUY, SEEN._replace(other=True, place=Reason.PSAM_MOVED), Verdict.HELD,
                                         Reason.FORK),
    "load": (LOAD, SEEN, Verdict.POSTED, Reason.NONE),
    "load of the subsidy purse": (LOAD, SEEN._replace(other_purse=True), Verdict.QUARANTINED, Reason.LOAD_PURSE),
    "unproven load of the subsidy purse": (_of(Kind.LOAD_UNPROVEN), Known(other_purse=True), Verdict.QUARANTINED,
                                           Reason.LOAD_PURSE),
    "load at another box": (LOAD, SEEN._replace(place=Reason.OTHER_BOX), Verdict.POSTED, Reason.OTHER_BOX),
    "nothing taken": (BUY._replace(amount_fen=0), SEEN, Verdict.NO_ENTRY, Reason.ZERO),
    "recovered": (BUY._replace(kind=Kind.RECOVERED), SEEN, Verdict.POSTED, Reason.NONE),
    "unproven": (_of(Kind.UNPROVEN), Known(), Verdict.SUSPENSE, Reason.UNPROVEN),
    "unproven of an unknown card": (_of(Kind.UNPROVEN), Known(card_known=False), Verdict.SUSPENSE, Reason.UNPROVEN),
    "unproven sharing a counter": (_of(Kind.UNPROVEN), Known(card_key_taken=True), Verdict.SUSPENSE, Reason.UNPROVEN),
    "unproven fork": (_of(Kind.UNPROVEN), Known(other=True), Verdict.SUSPENSE, Reason.FORK),
    "not debited": (_of(Kind.NOT_DEBITED), Known(), Verdict.NO_ENTRY, Reason.NOT_DEBITED),
    "load unproven": (_of(Kind.LOAD_UNPROVEN), Known(), Verdict.SUSPENSE, Reason.UNPROVEN),
    "not credited": (_of(Kind.NOT_CREDITED), Known(), Verdict.NO_ENTRY, Reason.NOT_CREDITED),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_judge(name: str) -> None:
    record, known, verdict, reason = TABLE[name]
    assert judge(record, known) == Judgement(verdict, reason)


def test_a_duplicate_is_never_stored() -> None:
    assert DUPLICATE.verdict is Verdict.DUPLICATE
