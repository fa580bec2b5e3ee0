"""A card that stands for a void: what it is asked for is frozen, and it answers under its own key alone."""

import os

import pytest

from shared.purse.cos.card import UserCard
from shared.purse.cos.images import CardKey, RamMemory, decode_card_image, operator_card_image
from shared.purse.crypto import Key, encrypt_block
from shared.purse.effects import drive
from shared.purse.errors import CardLost
from shared.purse.files import PublicData
from shared.purse.flows.witness import Presented, present, stand_for
from shared.purse.outcomes import Rejected
from shared.purse.profiles import CAMPUS
from shared.purse.reasons import Reason
from shared.purse.tac import challenge_of, mac_of

KEY = Key(bytes(range(16)))
PUBLIC = PublicData(
    issuer=b"\0\1", serial=b"\0\1\0\1\xf0\0\0\1", start=b"\x20\x26\x09\x01", expiry=b"\x20\x31\x09\x01", city=b"\0\1",
    industry=b"\0\1", card_type=0xF0,
)  # fmt: skip


def operator() -> UserCard:
    card = UserCard(RamMemory(operator_card_image(PUBLIC, CardKey(0, 1, KEY))), os.urandom)
    card.power_on()
    return card


def test_what_a_card_is_asked_for_is_frozen() -> None:
    assert challenge_of(b"a void").hex() == "f14466f9180fc602"
    assert mac_of(encrypt_block(KEY, challenge_of(b"a void"))).hex() == "19bc6bd4"


def test_an_operator_card_says_who_it_is_and_answers() -> None:
    card = operator()
    assert drive(present(CAMPUS), card=card) == Presented(PUBLIC.issuer + PUBLIC.serial, is_operator=True)
    assert drive(stand_for(challenge_of(b"a void")), card=card) == mac_of(encrypt_block(KEY, challenge_of(b"a void")))


def test_an_operator_card_is_no_purse() -> None:
    assert decode_card_image(operator_card_image(PUBLIC, CardKey(0, 1, KEY))).purse is None


class Gone:
    """A card that is pulled at the n-th command."""

    def __init__(self, left: int) -> None:
        self._card, self._left = operator(), left

    def transmit(self, command: bytes) -> bytes:
        if not self._left:
            raise CardLost
        self._left -= 1
        return self._card.transmit(command)


@pytest.mark.parametrize("left", [0, 1])
def test_a_card_that_is_pulled_stands_for_nothing(left: int) -> None:
    outcome = drive(present(CAMPUS), card=Gone(left))
    assert outcome == Rejected(Reason.CARD_GONE) or isinstance(outcome, Presented)
    assert drive(stand_for(bytes(8)), card=Gone(0)) == Rejected(Reason.CARD_GONE)


def test_a_card_without_such_a_key_is_refused() -> None:
    card = operator()
    drive(present(CAMPUS), card=card)
    assert isinstance(drive(stand_for(bytes(7)), card=card), Rejected)
