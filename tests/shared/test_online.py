import pytest

from shared import online
from shared.errors import WireFault
from shared.ids import CardId
from shared.online import LoadAnswer, LoadRequest, LoadResult, Purpose

REQUEST = LoadRequest(CardId(bytes(9) + b"\1"), 0x13, 9875, 20000, 2, 1, 0, 1, b"rnd!", b"mac1")
ANSWER = LoadAnswer(LoadResult.GRANTED, 0x2F0A1B2C, b"mac2", 20000)


def test_frozen_bytes_and_back() -> None:
    assert REQUEST.to_bytes().hex() == "01000000000000000000010013000026930000 4e20020100 01726e64216d616331".replace(
        " ", ""
    )
    assert ANSWER.to_bytes().hex() == "01002f0a1b2c6d61633200004e20"
    assert online.parse_request(REQUEST.to_bytes()) == REQUEST
    assert online.parse_answer(ANSWER.to_bytes()) == ANSWER


@pytest.mark.parametrize("purpose", Purpose)
def test_the_purpose_is_the_first_byte_and_nothing_else(purpose: Purpose) -> None:
    asked = REQUEST._replace(purpose=purpose)
    assert asked.to_bytes() == bytes((purpose,)) + REQUEST.to_bytes()[1:]
    assert online.parse_request(asked.to_bytes()) == asked


def test_an_offer_names_its_sum() -> None:
    offer = LoadAnswer(LoadResult.RETRY, amount_fen=20000)
    assert offer.to_bytes().hex() == "010a" + "00" * 8 + "00004e20"
    assert online.parse_answer(offer.to_bytes()) == offer


@pytest.mark.parametrize("raw", [b"", b"\7" + REQUEST.to_bytes()[1:], REQUEST.to_bytes() + b"\0"])
def test_bad_requests_are_refused(raw: bytes) -> None:
    with pytest.raises(WireFault):
        online.parse_request(raw)


@pytest.mark.parametrize("raw", [b"", b"\1\x63" + ANSWER.to_bytes()[2:], ANSWER.to_bytes()[:-1]])
def test_bad_answers_are_refused(raw: bytes) -> None:
    with pytest.raises(WireFault):
        online.parse_answer(raw)
