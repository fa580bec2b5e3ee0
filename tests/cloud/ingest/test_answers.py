"""What the ledger answers: signed over box and question to a box of form 2, bare to one of release 0.1."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ingest.clerk import Clerk
from cloud.ingest.seal import AckSeal
from cloud.ingest.tally import Tally
from cloud.ingest.ticket import Arrival, Ticket
from cloud.ledger.ledger import Ledger
from cloud.online.load import LoadAnswers, LoadCounts
from shared.ids import LedgerId, StorageId
from shared.wire.messages import (
    ACK_CONTEXT,
    FORM_2,
    AckBody,
    EpochAnswer,
    EpochRequest,
    Hello,
    LedgerTime,
    NowDown,
    NowUp,
    OnlineRequest,
    Recover,
    SignedAck,
    SignedAnswer,
    covered,
    decode_now_down,
    encode_ack_body,
)
from shared.wire.topics import DOWN_NOW, UP_NOW, Address
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NONCE = b"a nonce, 16 byte"
ASK = EpochRequest(7, c.POS, StorageId(b"flash-01"), c.psam(1), 0)
HELLO = Hello(c.STORE, 0, 0, None)
LATE = OnlineRequest(c.POS, 1, c.psam(1), 9, b"no load", c.NOW.unix_ms - 1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = fresh.in_file(tmp_path / "ledger.db")
    yield opened
    opened.close()


def said(ledger: Ledger, message: NowUp) -> list[NowDown]:
    """All that goes down on the lane now."""
    loads = LoadAnswers(None, ledger, LoadCounts())  # type: ignore[arg-type]  # nobody loads here
    clerk = Clerk(ledger, c.check_tac, loads, AckSeal(KEY), lambda: c.NOW, Tally())
    ticket = Ticket(Arrival("now", 1, "", b""), Address(c.PARTITION, c.BOX, UP_NOW), message, lambda: None)
    return [decode_now_down(letter.payload) for letter in clerk.now(ticket) if letter.lane == DOWN_NOW]


def opened(answers: list[NowDown], asked: bytes) -> list[NowDown]:
    """The bodies of those that are signed, over our box and this question."""
    found = [answer for answer in answers if isinstance(answer, SignedAnswer)]
    for answer in found:
        assert answer.asked == asked
        KEY.public_key().verify(answer.signature, covered(c.BOX, asked, answer.body))
    return [decode_now_down(answer.body) for answer in found]


def test_box_of_before_gets_bare_answers(ledger: Ledger) -> None:
    assert said(ledger, HELLO) == [LedgerTime(c.NOW.unix_ms)]
    assert said(ledger, ASK) == [EpochAnswer(7, c.POS, ASK.storage, c.psam(1), 1, "")]
    assert LedgerTime(c.NOW.unix_ms) in said(ledger, LATE)


def test_answers_name_box_and_question(ledger: Ledger) -> None:
    late = LATE._replace(form=FORM_2)
    assert opened(said(ledger, replace(HELLO, nonce=NONCE)), NONCE) == [LedgerTime(c.NOW.unix_ms)]
    assert opened(said(ledger, replace(ASK, nonce=NONCE)), NONCE)[0] == said(ledger, ASK)[0]
    assert opened(said(ledger, late), late.asked) == [LedgerTime(c.NOW.unix_ms)]


@pytest.mark.parametrize("nonce", [b"", NONCE], ids=["form 1", "form 2"])
def test_recovery_names_them_too(ledger: Ledger, nonce: bytes) -> None:
    """The box shows an ack that this ledger has forgotten."""
    ack = encode_ack_body(AckBody(LedgerId(c.LEDGER_ID), c.PARTITION, 9, c.BOX, c.STORE, 4, (), (), 2000))
    shown = replace(HELLO, row_settled=4, row_last=4, ack=SignedAck(ack, KEY.sign(ACK_CONTEXT + ack)), nonce=nonce)
    answers = said(ledger, shown)
    assert Recover(c.LEDGER_ID, c.STORE, 0) in (opened(answers, NONCE) if nonce else answers)


def test_no_bare_answer_goes_to_a_box_of_form_2(ledger: Ledger) -> None:
    for question in (replace(HELLO, nonce=NONCE), replace(ASK, nonce=NONCE), LATE._replace(form=FORM_2)):
        assert not any(isinstance(one, LedgerTime | EpochAnswer | Recover) for one in said(ledger, question))
