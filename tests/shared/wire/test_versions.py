"""Which forms each end understands, said so that an end of before reads what it always read; a refusal is for ever."""

import pytest

from shared.wire.form.versions import MARK, OF_BOX, OF_LEDGER, RANDOM_SIZE, Versions, nonce_of, said_in
from shared.wire.messages import (
    FORM_1,
    FORM_2,
    FORM_4,
    NONCE_SIZE,
    Hello,
    NotUnderstood,
    decode_now_down,
    decode_now_up,
    encode_now,
)
from tests.cloud.ledger import campus as c

RANDOM = bytes(range(RANDOM_SIZE))


def test_a_hello_says_versions_where_one_of_before_had_chance() -> None:
    nonce = nonce_of(Versions(2, 3), RANDOM)
    assert (len(nonce), nonce[-RANDOM_SIZE:]) == (NONCE_SIZE, RANDOM)
    found = decode_now_up(encode_now(Hello(c.STORE, 1, 2, None, nonce)))
    assert isinstance(found, Hello)
    assert (found.form, found.versions, found.asked) == (FORM_2, (2, 3), nonce), "and its form is what it was"


@pytest.mark.parametrize(
    ("nonce", "versions"),
    [
        (b"", (FORM_1, FORM_1)), (bytes(NONCE_SIZE), (FORM_2, FORM_2)), (b"\xff" * NONCE_SIZE, (FORM_2, FORM_2)),
        (MARK + b"\x03\x02" + RANDOM, (FORM_2, FORM_2)), (MARK + b"\0\x02" + RANDOM, (FORM_2, FORM_2)),
        (MARK + b"\x04\x09" + RANDOM, (4, 9)),
    ],
)  # fmt: skip
def test_what_boxes_of_before_were_known_to_speak(nonce: bytes, versions: tuple[int, int]) -> None:
    assert said_in(nonce) == versions


@pytest.mark.parametrize(
    ("box", "ledger", "common"),
    [
        ((2, 3), (1, 3), 3),
        ((2, 4), (1, 3), 3),
        ((2, 3), (1, 2), 2),
        ((4, 5), (1, 3), 0),
        ((1, 1), (2, 3), 0),
        ((1, 1), (1, 3), 1),
    ],
)
def test_both_speak_the_highest_that_both_understand(
    box: tuple[int, int], ledger: tuple[int, int], common: int
) -> None:
    assert Versions(*box).common(Versions(*ledger)) == common


def test_ours_understand_each_other_and_those_of_one_release_before() -> None:
    assert OF_BOX.common(OF_LEDGER) == FORM_4
    assert OF_BOX.common(Versions(FORM_1, FORM_2)) == FORM_2
    assert OF_LEDGER.common(Versions(FORM_2, FORM_2)) == FORM_2


def test_the_refusal_has_these_bytes_for_ever() -> None:
    raw = bytes.fromhex("0184000405676f6c6420626f78")
    assert decode_now_down(raw) == NotUnderstood(4, 5, "old box")
    assert encode_now(NotUnderstood(4, 5, "old box")) == raw
