"""Our load machine and cards that we did not write and that are not as they should be: no fen twice, none lost, and a
card that will not is told from one that may have taken it.
"""

import pytest

from edge.terminal.taps.steps import End
from shared.online import LoadResult
from shared.purse.apdu import WholeChannel
from shared.purse.caps import CardCounters
from shared.purse.reasons import Reason
from shared.records import PROVEN, Kind
from tests.edge.card import standard_des as des
from tests.edge.card.odd_chip import Odd, after, cut_to
from tests.edge.card.standard_card import Choices, StandardCard

OPENING, SUM = 50_000, 5_000
SERIAL = bytes.fromhex("2025110000004711")
PUBLIC = bytes.fromhex("5303 0001 0000 0000 01 01 0000 2025110000004711 20250901 20290731 0102")


@pytest.fixture
def machine(kit, school):
    return kit.Bench(school, kind="load").connect()


@pytest.fixture
def card_of(school):
    keys = [des.card_key(master.octets, SERIAL) for master in (school.purchase, school.loads, school.tac)]

    def make(changes=None, choices=None, own_keys=keys):
        return Odd(StandardCard(PUBLIC, own_keys, OPENING, choices, CardCounters().encode()), changes or {})

    return make


def load(machine, card, amount=SUM):
    card.power_on()
    return machine.load(None, amount, card=WholeChannel(card))


def posted(machine):
    return [record.amount_fen for record in machine.written().values() if record.kind in PROVEN]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("6985", Reason.LOAD_CEILING), ("9402", Reason.CARD_COUNTER_FULL), ("9403", Reason.CARD_KEY),
        ("6982", Reason.CARD_REFUSED), ("9303", Reason.CARD_BLOCKED), ("6A81", Reason.CARD_BLOCKED),
    ],
)  # fmt: skip
def test_why_it_would_not_begin(machine, card_of, word, reason):
    result = load(machine, card_of({0x50: word}))
    assert (result.end, result.reason) == (End.DECLINED, reason)
    assert not machine.edge.requests
    assert not machine.firmware.body.flash.waiting


@pytest.mark.parametrize("size", [0, 12, 15, 17])
def test_a_begin_of_another_length(machine, card_of, size):
    result = load(machine, card_of({0x50: cut_to(size)}))
    assert (result.end, result.reason) == (End.DECLINED, Reason.CARD_DATA)
    assert not machine.edge.requests


def test_a_card_of_other_keys_gets_no_mac2(machine, card_of):
    card = card_of(own_keys=[bytes(range(n, n + 16)) for n in (1, 2, 3)])
    result = load(machine, card)
    assert (result.end, result.denied) == (End.DECLINED, LoadResult.WRONG_MAC)
    assert 0x52 not in card.heard
    assert card.chip.money == OPENING


def test_a_card_that_lies_about_its_balance_gets_no_mac2(machine, card_of):
    """MAC1 covers the balance."""
    card = card_of({0x50: lambda _apdu, do: bytes(4) + do()[4:]})
    result = load(machine, card)
    assert (result.end, result.denied) == (End.DECLINED, LoadResult.WRONG_MAC)


@pytest.mark.parametrize("word", ["6F00", "6581", "6985", "6901", "6982", "6A80", "9000", "0000", "61"])
def test_a_word_after_the_credit_is_never_taken_for_not_credited(machine, card_of, word):
    card = card_of({0x52: after(word)})
    assert load(machine, card).end is End.UNKNOWN
    assert card.chip.money == OPENING + SUM
    card.changes = {}
    assert load(machine, card).end is End.DONE
    assert (card.chip.money, posted(machine)) == (OPENING + SUM, [SUM])


@pytest.mark.parametrize("word", ["6F00", "6581", "6985", "6901", "6982", "6A80"])
def test_a_word_instead_of_the_credit_is_not_taken_for_one(machine, card_of, word):
    """Not credited is known when the card is back; then it is loaded once."""
    card = card_of({0x52: word})
    assert load(machine, card).end is End.UNKNOWN
    assert card.chip.money == OPENING
    card.changes = {}
    assert load(machine, card).end is End.DONE
    assert (card.chip.money, posted(machine)) == (OPENING + SUM, [SUM])


@pytest.mark.parametrize("word", ["9302", "6700", "6A86", "6D00"])
def test_a_word_that_is_a_refusal(machine, card_of, word):
    card = card_of({0x52: word})
    assert load(machine, card).end is End.DECLINED
    assert card.chip.money == OPENING
    assert not posted(machine)


@pytest.mark.parametrize("size", [0, 3, 5, 8])
def test_a_tac_of_another_length(machine, card_of, size):
    card = card_of({0x52: cut_to(size)})
    assert load(machine, card).end is End.UNKNOWN
    card.changes = {}
    assert load(machine, card).end is End.DONE
    assert (card.chip.money, posted(machine)) == (OPENING + SUM, [SUM])


@pytest.mark.parametrize("answer", ["9406", "6985", "6D00", "00009000"])
def test_a_card_without_proofs_of_a_load(machine, card_of, answer):
    """Credited by its counter, no TAC to be had: noted without proof, never loaded again by itself."""
    card = card_of({0x52: after("6F00"), 0x5A: answer})
    assert load(machine, card).end is End.UNKNOWN
    del card.changes[0x52]
    result = load(machine, card)
    assert (result.end, result.reason) == (End.CLOSED, Reason.PROOF_GONE)
    assert card.chip.money == OPENING + SUM
    assert not posted(machine)
    assert {record.kind for record in machine.written().values()} == {Kind.LOAD_UNPROVEN}


def test_every_choice_of_proofs_of_a_load(machine, card_of):
    card = card_of({0x52: after("6F00")}, Choices(prove_after=False, log_after=False))
    assert load(machine, card).end is End.UNKNOWN
    card.changes = {}
    assert load(machine, card).end is End.DONE
    assert posted(machine) == [SUM]
