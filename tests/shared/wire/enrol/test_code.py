"""The code that people type, the text of its QR, what proves it, and the four words."""

import hashlib

import pytest

from shared.errors import ConfigFault, WireFault
from shared.wire import codec
from shared.wire.enrol.code import LETTERS, Code, Ticket, code_of, is_proof, parse_code, parse_ticket, prove, qr_text
from shared.wire.enrol.messages import (
    Answer,
    EnrolAsk,
    Grant,
    RenewAsk,
    State,
    answer_of,
    enrol_ask,
    grant_of,
    renew_ask,
    time_answer,
    time_ask,
    time_nonce,
    time_of,
)
from shared.wire.enrol.words import words_of

CODE = code_of(bytes(range(16)))
PIN = hashlib.sha256(b"ca").digest()


def test_a_code_is_read_as_people_write_it() -> None:
    assert CODE.text == "0123-4567-89AB-CDEF"
    assert parse_code(" o123 4567-89ab cdef ") == CODE
    assert parse_code("OI23-4567-89AB-CDEF".replace("I", "l")) == CODE


@pytest.mark.parametrize("text", ["", "0123", "0123-4567-89AB-CDEU", "0123-4567-89AB-CDEF-0"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ConfigFault):
        parse_code(text)


def test_a_qr_says_all_that_a_box_needs_and_is_upper_case_alone() -> None:
    text = qr_text(Ticket("onecard.example:8460", CODE, PIN))
    assert text == text.upper()
    assert parse_ticket(text) == Ticket("onecard.example:8460", CODE, PIN)
    assert parse_ticket(CODE.text, "a:1") == Ticket("a:1", CODE)


@pytest.mark.parametrize("text", ["OYKT1/a:1/0123456789ABCDEF", "OYKT1/a:1/0123456789ABCDEF/AAAA", CODE.text])
def test_half_a_qr_is_refused(text: str) -> None:
    with pytest.raises(ConfigFault):
        parse_ticket(text)


def test_a_proof_holds_for_one_request_at_one_ca() -> None:
    proof = prove(CODE.key, PIN, b"request", typed=False)
    assert is_proof(CODE.key, PIN, b"request", proof, typed=False)
    for key, pin, request, typed in (
        (Code("0123", "4567" * 3).key, PIN, b"request", False), (CODE.key, bytes(32), b"request", False),
        (CODE.key, PIN, b"another", False), (CODE.key, PIN, b"request", True),
    ):  # fmt: skip
        assert not is_proof(key, pin, request, proof, typed=typed)


def test_every_letter_is_as_likely() -> None:
    assert 256 % len(LETTERS) == 0


def test_four_words_are_the_same_at_both_ends_and_others_for_another_key() -> None:
    words = words_of(b"a key")
    assert words == words_of(b"a key") != words_of(b"another key")
    assert len(words.zh.split()) == len(words.en.split()) == 4


def test_no_repr_shows_the_secret() -> None:
    assert CODE.secret not in repr(Ticket("a:1", CODE, PIN))


def test_messages_come_back_as_they_were() -> None:
    ask = EnrolAsk("0123", bytes(32), True, b"csr")
    assert enrol_ask(ask.encode()) == ask
    assert renew_ask(RenewAsk(b"pem", b"csr").encode()) == RenewAsk(b"pem", b"csr")
    grant = Grant("bus-1", b"pem", "a:1", (("edge.json", b"{}"),))
    assert grant_of(grant.encode()) == grant
    assert answer_of(Answer(State.WAITING).encode()) == Answer(State.WAITING)
    nonce = time_nonce(time_ask(bytes(16)))
    assert time_of(time_answer(1_700_000_000_000, nonce), nonce) == 1_700_000_000_000
    with pytest.raises(WireFault):
        time_of(time_answer(1, b"x" * 16), nonce)


@pytest.mark.parametrize(
    "raw", [b"", codec.pack([9, b""]), codec.pack([0]), codec.pack(["0123", b"short", True, b""]), b"x" * 20_000]
)
def test_other_bytes_are_refused(raw: bytes) -> None:
    for reads in (answer_of, enrol_ask):
        with pytest.raises(WireFault):
            reads(raw)
