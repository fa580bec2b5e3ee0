"""What a passphrase on paper seals: only it opens it, mistyped characters are seen, and nothing of it is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import KeyFault, WireFault
from shared.keys import paper_seal
from shared.keys.paper_seal import DRAWN, NONCE_SIZE, SALT_SIZE, Costs, SealKey
from shared.keys.paper_text import ALPHABET

CHEAP = Costs(4, 8, 1)
SALT, NONCE = b"s" * SALT_SIZE, b"n" * NONCE_SIZE
WORDS = paper_seal.written(bytes(range(DRAWN)))
KEY = paper_seal.key_of(WORDS, SALT, CHEAP)


def test_frozen_bytes() -> None:
    assert WORDS == "01234-56789-ABCDE-FGHJK-MNPQW"
    sealed = paper_seal.seal(b"keys", KEY, NONCE)
    assert sealed[:40].hex() == b"OYKTKEYS".hex() + "01040801" + SALT.hex() + NONCE.hex()
    assert sealed[40:].hex() == "55127fc9b5c4e7facc56712091bf69489361dca0"


def test_paper_and_file_are_enough() -> None:
    assert paper_seal.opened_by(paper_seal.seal(b"keys", KEY, NONCE), WORDS) == b"keys"


def test_the_costs_of_today_open_what_they_seal() -> None:
    key = paper_seal.key_of(WORDS, SALT)
    assert paper_seal.opened_by(paper_seal.seal(b"keys", key, NONCE), WORDS) == b"keys"


@pytest.mark.parametrize(
    "typed", [WORDS.lower(), WORDS.replace("-", " "), WORDS.replace("0", "O").replace("1", "l"), f" {WORDS}\n"]
)
def test_however_it_is_typed(typed: str) -> None:
    assert paper_seal.typed(typed) == WORDS.replace("-", "")


@given(st.binary(min_size=DRAWN, max_size=DRAWN), st.integers(0, DRAWN), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_seen(drawn: bytes, at: int, other: str) -> None:
    plain = paper_seal.written(drawn).replace("-", "")
    wrong = plain[:at] + other + plain[at + 1 :]
    if wrong == plain:
        assert paper_seal.typed(wrong) == plain
    else:
        with pytest.raises(WireFault):
            paper_seal.typed(wrong)


@pytest.mark.parametrize("typed", ["", WORDS[:-1], WORDS + "A", WORDS.replace("A", "U"), WORDS.replace("A", "é")])
def test_what_is_no_passphrase_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(WireFault) as fault:
        paper_seal.typed(typed)
    assert "BCDE" not in str(fault.value)


def test_another_passphrase_opens_nothing() -> None:
    sealed, other = paper_seal.seal(b"keys", KEY, NONCE), paper_seal.written(bytes(DRAWN))
    with pytest.raises(KeyFault):
        paper_seal.opened_by(sealed, other)


@given(st.integers(0, 8 * 60 - 1))
def test_no_bit_of_it_may_change(bit: int) -> None:
    sealed = bytearray(paper_seal.seal(b"k" * 4, KEY, NONCE))
    sealed[bit // 8 % len(sealed)] ^= 1 << bit % 8
    if sealed[9:12] != bytes(CHEAP):  # scrypt would be asked for more than a test has time for, or be refused
        return
    with pytest.raises((KeyFault, WireFault)):
        paper_seal.opened_by(bytes(sealed), WORDS)


@pytest.mark.parametrize(("at", "value"), [(8, 2), (9, 0), (9, 21), (10, 9), (11, 5), (0, 0)])
def test_a_file_that_would_stop_a_machine_or_is_none_is_refused(at: int, value: int) -> None:
    sealed = bytearray(paper_seal.seal(b"keys", KEY, NONCE))
    sealed[at] = value
    with pytest.raises(WireFault):
        paper_seal.opened_by(bytes(sealed), WORDS)
    with pytest.raises(WireFault):
        paper_seal.opened_by(bytes(sealed[:39]), WORDS)


def test_a_key_is_not_shown() -> None:
    assert KEY.key.hex() not in repr(KEY)
    assert repr(KEY.key) not in repr(KEY)
    assert isinstance(KEY, SealKey)
