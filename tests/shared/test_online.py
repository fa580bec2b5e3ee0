import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import online
from shared.errors import WireFault
from shared.ids import CardId
from shared.online import (
    CODES_MAX,
    ORDER_PREFIX,
    LoadAnswer,
    LoadRequest,
    LoadResult,
    OrderAnswer,
    PaymentAnswer,
    PaymentResult,
    Purpose,
    close_request,
    closes,
    code_in,
    code_means,
    code_of,
    code_request,
    is_means,
    order_request,
    parse_code,
    parse_code_answer,
    parse_order_answer,
    parse_request,
)

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


@pytest.mark.parametrize("raw", [b"", b"\xee" + REQUEST.to_bytes()[1:], REQUEST.to_bytes() + b"\0"])
def test_bad_requests_are_refused(raw: bytes) -> None:
    with pytest.raises(WireFault):
        online.parse_request(raw)


@pytest.mark.parametrize("raw", [b"", b"\1\x63" + ANSWER.to_bytes()[2:], ANSWER.to_bytes()[:-1]])
def test_bad_answers_are_refused(raw: bytes) -> None:
    with pytest.raises(WireFault):
        online.parse_answer(raw)


def test_a_code_has_our_own_prefix_and_a_mistyped_one_is_seen() -> None:
    code = code_of(123_456_789)
    assert (len(code), code[:2], parse_code(f" {code[:4]} {code[4:]} ")) == (18, "71", code)
    assert not code.startswith(tuple(str(n) for n in (*range(10, 16), *range(25, 31), 62)))
    for at in range(18):
        for digit in set("0123456789") - {code[at]}:
            with pytest.raises(WireFault):
                parse_code(code[:at] + digit + code[at + 1 :])
    for other in ("", "71", code + "0", "134567890123456789", "７" * 18, code[:-1] + "x"):
        with pytest.raises(WireFault):
            parse_code(other)


@given(st.integers(0, CODES_MAX - 1), st.integers(1, 2**31))
def test_a_code_goes_there_and_back_in_the_form_that_boxes_pass_on(drawn: int, fen: int) -> None:
    code = code_of(drawn)
    asked = parse_request(code_request(code, fen).to_bytes())
    assert (code_in(asked), asked.amount_fen, asked.purpose) == (code, fen, Purpose.CODE)
    assert is_means(code_means(code))
    assert not is_means(asked.card)
    assert code_in(asked._replace(purpose=Purpose.PAYMENT)) == ""


def test_a_granted_load_is_no_answer_to_a_code() -> None:
    with pytest.raises(WireFault):
        parse_code_answer(LoadAnswer(LoadResult.GRANTED, 1, b"mac2", 5).to_bytes())
    assert parse_code_answer(LoadAnswer(LoadResult.NOT_NOW).to_bytes()) == PaymentAnswer(PaymentResult.NOT_NOW)
    said = PaymentAnswer(PaymentResult.CODE_USED)
    assert parse_code_answer(said.to_bytes()) == said


@given(st.integers(0, CODES_MAX - 1), st.integers(1, 2**31), st.binary(max_size=20))
def test_an_order_goes_there_and_back_and_nothing_else_is_an_answer_to_one(drawn: int, fen: int, junk: bytes) -> None:
    asked, close = parse_request(order_request(fen).to_bytes()), parse_request(close_request(fen, 3, fen).to_bytes())
    assert (asked.purpose, asked.amount_fen, is_means(asked.card)) == (Purpose.ORDER, fen, True)
    assert (close.purpose, closes(close), close.card) == (Purpose.ORDER_CLOSE, (3, fen), asked.card)
    said = OrderAnswer(PaymentResult.ORDER_OPEN, fen, code_of(drawn, ORDER_PREFIX))
    assert parse_order_answer(said.to_bytes()) == said
    assert parse_order_answer(LoadAnswer(LoadResult.NOT_NOW).to_bytes()).result is PaymentResult.NOT_NOW
    for raw in (junk, said._replace(code=code_of(drawn)).to_bytes(), said._replace(code="").to_bytes()):
        with pytest.raises(WireFault):
            parse_order_answer(raw)
    with pytest.raises(WireFault):
        parse_code(said.code)


def test_the_bytes_of_an_order_are_frozen() -> None:
    assert order_request(1250).to_bytes().hex() == "09fffc" + "00" * 14 + "000004e2" + "00" * 12
    assert close_request(1250, 2, 6).to_bytes().hex() == "0afffc" + "00" * 8 + "000200000006000004e2" + "00" * 12
    code = code_of(123_456_789_012_345, ORDER_PREFIX)
    assert code == "721234567890123459"
    assert OrderAnswer(PaymentResult.ORDER_OPEN, 1250, code).to_bytes().hex() == "030b000004e20a025704aad2bac3"
    assert OrderAnswer(PaymentResult.APPROVED, 1250).to_bytes().hex() == "0300000004e2" + "00" * 8


def test_the_bytes_of_a_code_are_frozen() -> None:
    code = "711234567890123454"
    assert (code_of(123_456_789_012_345), parse_code(code)) == (code, code)
    assert code_request(code, 1250).to_bytes().hex() == (
        "07fffe09ded0123b11babe000000000000000004e2000000000000000000000000"
    )
    assert code_means(code).hex() == "fffd9ccb442e701791c0"
