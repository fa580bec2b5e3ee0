"""Answers bound to a box and its question: frozen bytes, what is covered, refusals."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.errors import WireFault
from shared.ids import BoxId, DeviceId, LedgerId, PsamId, StorageId, StoreId
from shared.wire import codec, messages
from shared.wire.messages import (
    FORM_2,
    BackupMark,
    EpochAnswer,
    EpochRequest,
    Hello,
    LedgerTime,
    OnlineRequest,
    Recover,
    ReleaseWanted,
    SignedAnswer,
    Tag,
    covered,
    encode_now,
)
from shared.wire.signed_answer import ASKED_MAX, CONTEXTS

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BOX, NONCE = BoxId("canteen-1"), bytes(range(16))
DEVICE, PSAM, STORAGE = DeviceId(b"\0\1\0\0\0\1"), PsamId(b"\x51\0\0\0\0\x23"), StorageId(b"f" * 8)
ANSWERS = {
    b"openykt epoch answer v1\0": EpochAnswer(1, DEVICE, STORAGE, PSAM, 4, ""),
    b"openykt recover v1\0": Recover(LedgerId(b"ledger-1"), StoreId(b"store-01"), 5),
    b"openykt ledger time v1\0": LedgerTime(1_795_796_407_000),
    b"openykt backup mark v1\0": BackupMark(LedgerId(b"ledger-1"), StoreId(b"store-01"), 5, 1_795_796_407_000),
    b"openykt release wanted v1\0": ReleaseWanted(7, 5_000_000, bytes(32), at_once=True),
}
TIME = encode_now(LedgerTime(1_795_796_407_000))
REQUEST = OnlineRequest(DEVICE, 1, PSAM, 9, b"pay", 1_784_000_000_000)


def signed(body: bytes = TIME, asked: bytes = NONCE, box: BoxId = BOX) -> SignedAnswer:
    return SignedAnswer(asked, body, KEY.sign(covered(box, asked, body)))


@pytest.mark.parametrize(("context", "answer"), ANSWERS.items(), ids=lambda value: type(value).__name__)
def test_what_is_covered(context: bytes, answer: messages.Bound) -> None:
    body = encode_now(answer)
    assert covered(BOX, NONCE, body) == context + b"\x09canteen-1\x10" + NONCE + body


def test_frozen_bytes() -> None:
    message = encode_now(signed())
    signature = (
        "d537b3ad2667b473a51d97c2361ed6901f0e8d170180f7ce4b0fdba10a31722c"
        "849b33faf6806eb4aeff27795bdc28151e12245d7c725ebd95625ba25d13e30f"
    )
    assert message.hex() == "01841050" + NONCE.hex() + "4c" + TIME.hex() + "5840" + signature


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=lambda value: type(value).__name__)
def test_round_trip(answer: messages.Bound) -> None:
    whole = signed(encode_now(answer))
    found = messages.decode_now_down(encode_now(whole))
    assert found == whole
    assert messages.decode_now_down(found.body) == answer


def test_another_box_question_or_answer_is_covered_by_no_signature_of_this_one() -> None:
    others = {
        covered(BoxId("canteen-2"), NONCE, TIME),
        covered(BOX, NONCE[::-1], TIME),
        covered(BOX, NONCE, encode_now(LedgerTime(1))),
        covered(BOX, NONCE[:15], TIME),
    }
    assert covered(BOX, NONCE, TIME) not in others
    assert len({*CONTEXTS.values()}) == len(ANSWERS) == len(CONTEXTS)


@pytest.mark.parametrize(
    "row",
    [
        [b"", TIME, bytes(64)],
        [bytes(ASKED_MAX + 1), TIME, bytes(64)],
        [NONCE, TIME, bytes(63)],
        [NONCE, TIME],
        [NONCE, TIME, bytes(64), 0],
        [NONCE, b"", bytes(64)],
        [NONCE, b"\x01\x80", bytes(64)],
        [NONCE, codec.pack([[13], 1]), bytes(64)],
        [NONCE, codec.pack([True, 1]), bytes(64)],
        [NONCE, codec.pack([Tag.AWAITED, []]), bytes(64)],
        [NONCE, codec.pack([Tag.SIGNED_ANSWER, NONCE, TIME, bytes(64)]), bytes(64)],
        ["n" * 16, TIME, bytes(64)],
    ],
    ids=str,
)
def test_what_is_malformed_or_of_another_kind_is_refused(row: list[Any]) -> None:
    with pytest.raises(WireFault):
        messages.decode_now_down(codec.pack([Tag.SIGNED_ANSWER, *row]))


def test_no_answer_goes_up() -> None:
    with pytest.raises(WireFault):
        messages.decode_now_up(encode_now(signed()))


def test_questions_of_form_2_add_to_what_form_1_says() -> None:
    ask = EpochRequest(1, DEVICE, STORAGE, PSAM, 3)
    whole = EpochRequest(1, DEVICE, STORAGE, PSAM, 3, NONCE)
    assert encode_now(whole).hex() == "0187" + encode_now(ask).hex()[4:] + "50" + NONCE.hex()
    assert encode_now(REQUEST._replace(form=FORM_2)).hex() == "0188" + encode_now(REQUEST).hex()[4:] + "02"
    for message in (ask, whole, REQUEST, REQUEST._replace(form=FORM_2)):
        assert messages.decode_now_up(encode_now(message)) == message


def test_what_names_a_question() -> None:
    assert EpochRequest(1, DEVICE, STORAGE, PSAM, 3, NONCE).asked == NONCE
    assert Hello(StoreId(b"store-01"), 1, 2, None, NONCE).asked == NONCE
    assert REQUEST.asked.hex() == DEVICE.hex() + "0001" + "00000009" + "0000019f5eafb000"
    assert REQUEST.asked != REQUEST._replace(until_ms=REQUEST.until_ms + 1).asked


@pytest.mark.parametrize("later", [[b""], [b"n" * 15], [7], [NONCE, 1]], ids=str)
def test_bad_nonces_of_an_epoch_request_are_refused(later: list[Any]) -> None:
    ask = codec.unpack(encode_now(EpochRequest(1, DEVICE, STORAGE, PSAM, 3)))
    with pytest.raises(WireFault):
        messages.decode_now_up(codec.pack([*ask, *later]))


@pytest.mark.parametrize("later", [[1], [0], [256], [True], [b"2"], [2, 2]], ids=str)
def test_bad_forms_of_an_online_request_are_refused(later: list[Any]) -> None:
    with pytest.raises(WireFault):
        messages.decode_now_up(codec.pack([*codec.unpack(encode_now(REQUEST)), *later]))
