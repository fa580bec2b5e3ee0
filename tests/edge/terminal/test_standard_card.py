"""Our terminal serves a card and a PSAM that we did not write: each choice of theirs alone, then all of them, in a
reader. The firmware is whole; what it posts is checked by the stranger's own TACs."""

import pytest

from edge.card.sim.t0 import T0Chip
from edge.terminal.taps.steps import End
from shared.purse.apdu import WholeChannel
from shared.purse.caps import CardCounters
from shared.records import PROVEN, Kind
from tests.edge.card import standard_des as des
from tests.edge.card.standard_card import NAME, Choices, StandardCard, StandardPsam, tlv
from tests.edge.readers import Readers

OPENING, PRICE = 50_000, 1250
SERIAL = bytes.fromhex("2025110000004711")
CITY = bytes.fromhex("5303 0001 0000 0000 01 01 0000 2025110000004711 20250901 20290731 0102")
BANK = bytes.fromhex("0000000000005303 03 01 0000 2025110000004711 20250901 20290731 5566")
"""Byte 9 as on a real card that has ED and EP."""


def bare_name(public):
    return tlv("6F", tlv("84", NAME))


def long_one(public):
    """Other objects before, between and behind, zeros between, a length above 127, a tag of three bytes."""
    label, own = tlv("50", b"PURSE"), tlv("BF0C", tlv("9F4D", b"\x0b\x0a"), tlv("DF8101", bytes(60)))
    inner = tlv("A5", label, own, b"\0\0", tlv("9F0C", public), tlv("9F08", b"\2"))
    return b"\0" + tlv("6F", inner, tlv("84", NAME)) + tlv("85", b"behind")


def other_content(public):
    """9F0C is what the issuer wants it to be."""
    return tlv("6F", tlv("84", NAME), tlv("A5", tlv("9F0C", b"ISSUER")))


def broken(public):
    return tlv("6F", tlv("84", NAME))[:-3]


CHOICES = {
    "as the manuals print it": Choices(),
    "FCI of the name alone": Choices(fci=bare_name),
    "no FCI": Choices(fci=lambda _: b""),
    "long FCI": Choices(fci=long_one),
    "9F0C of its own": Choices(fci=other_content),
    "FCI cut short": Choices(fci=broken),
    "9F0C of the longer file": Choices(fci=lambda public: long_one(public + bytes(14)), public_tail=bytes(14)),
    "longer files": Choices(fci=bare_name, public_tail=bytes(25), log_tail=b"\xaa\xbb"),
    "blank log records": Choices(log_blank=10),
    "61xx": Choices(chains=True),
    "6Cxx": Choices(strict_le=True),
    "6985 for a wrong MAC": Choices(mac_wrong="6985"),
    "other CAPP records before ours": Choices(more_records=(b"\x01\x02\x00\x07", b"\x30\x04\x00\x01\x02\x03")),
    "counters before, TAC by the other number": Choices(log_after=False, prove_after=False),
    "begins nothing for nothing": Choices(begins_with_nothing=False),
}
ALL = Choices(
    fci=long_one, public_tail=bytes(9), log_tail=b"\xff", log_after=False, log_blank=3, prove_after=False, chains=True,
    strict_le=True, begins_with_nothing=False, more_records=(b"\x01\x02\x00\x07",),
)  # fmt: skip


@pytest.fixture(params=["campus", "bank-ep"])
def profile(request):
    return request.param


@pytest.fixture
def card_of(school, profile):
    """A stranger's card of this profile under the school's keys."""
    keys = [des.card_key(master.octets, SERIAL) for master in (school.purchase, school.loads, school.tac)]
    public, record = (CITY, CardCounters().encode()) if profile == "campus" else (BANK, b"")

    def make(choices, dies=None):
        return StandardCard(public, keys, OPENING, choices, record, dies)

    return make


def till_of(kit, school, profile, kind="pos", *, chains=False):
    bench = kit.Bench(school, kind=kind, profile=profile).connect()
    bench.counter.psam = WholeChannel(StandardPsam(kit.psam_id, school.purchase.octets, chains))
    return bench


def sell(till, card, amount=PRICE):
    """One tap: the field powers the card."""
    card.power_on()
    return till.sell(None, amount, card=WholeChannel(card))


def proven(till, card):
    """What was posted, each under the TAC that the card made for it last."""
    records = [record for record in till.written().values() if record.kind in PROVEN]
    assert not records or any(records[-1].tac in proof for proof in card.proofs.values())
    return [record.amount_fen for record in records]


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
def test_every_choice_is_sold_to(kit, school, profile, card_of, choices):
    till, card = till_of(kit, school, profile), card_of(choices)
    for _ in range(2):
        assert sell(till, card).end is End.DONE
    assert card.money == OPENING - 2 * PRICE
    assert proven(till, card) == [PRICE, PRICE]


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
def test_every_choice_is_settled_after_a_torn_debit(kit, school, profile, card_of, choices):
    till, card = till_of(kit, school, profile), card_of(choices)
    assert sell(till, card, 100).end is End.DONE
    card.dies = 0x54
    assert sell(till, card).end is End.UNKNOWN
    card.dies = None
    assert sell(till, card).end is End.DONE
    assert card.money == OPENING - 100 - PRICE
    assert proven(till, card) == [100, PRICE]


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
def test_every_choice_that_was_not_debited_pays_once(kit, school, profile, card_of, choices):
    """It dies before the debit: the counters stand, and the proof that it still hands out is an older one."""
    till, card = till_of(kit, school, profile), card_of(choices)
    assert sell(till, card, 100).end is End.DONE
    card.power_on()
    assert till.sell(None, PRICE, card=_Before(WholeChannel(card))).end is End.UNKNOWN
    assert sell(till, card).end is End.DONE
    assert card.money == OPENING - 100 - PRICE
    assert proven(till, card) == [100, PRICE]


@pytest.mark.parametrize("log_after", [True, False])
def test_a_torn_debit_that_another_till_sold_over_is_not_called_undone(kit, school, profile, card_of, log_after):
    """Its own log knows it, in whichever way it counts; the other till's record must not be taken for a denial."""
    till, other = till_of(kit, school, profile), till_of(kit, school, profile)
    card = card_of(Choices(log_after=log_after, log_blank=2))
    card.dies = 0x54
    assert sell(till, card).end is End.UNKNOWN
    card.dies = None
    assert sell(other, card, 300).end is End.DONE
    assert sell(till, card, 200).end is End.DONE
    assert card.money == OPENING - PRICE - 300 - 200
    kinds = [record.kind for record in till.written().values()]
    assert kinds == [Kind.UNPROVEN, Kind.PURCHASE]


@pytest.mark.parametrize("sales", [*range(1, 13)])
@pytest.mark.parametrize("log_after", [True, False])
def test_however_much_was_sold_over_it_a_debit_is_never_called_undone(kit, school, profile, card_of, log_after, sales):
    """Ten records later ours has left the log, and by the other way of counting another stands under our number."""
    till, other = till_of(kit, school, profile), till_of(kit, school, profile)
    card = card_of(Choices(log_after=log_after))
    assert sell(other, card, 100).end is End.DONE
    card.dies = 0x54
    assert sell(till, card).end is End.UNKNOWN
    card.dies = None
    for _ in range(sales):
        assert sell(other, card, 100).end is End.DONE
    sell(till, card, 200)
    assert Kind.NOT_DEBITED not in [record.kind for record in till.written().values()]
    noted = [record.amount_fen for record in till.written().values() if record.kind == Kind.UNPROVEN]
    assert noted == [PRICE]


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("profile", ["campus"], indirect=True)
def test_every_choice_is_loaded(kit, school, profile, card_of, choices):
    till, card = till_of(kit, school, profile, kind="load"), card_of(choices)
    for _ in range(2):
        card.power_on()
        assert till.load(None, 5000, card=WholeChannel(card)).end is End.DONE
    assert card.money == OPENING + 10_000
    assert proven(till, card) == [5000, 5000]


@pytest.mark.process
@pytest.mark.parametrize("is_t0", [False, True], ids=["T=1", "T=0"])
def test_all_choices_at_once_in_real_readers(kit, school, profile, card_of, readers: Readers, is_t0):
    till, card = till_of(kit, school, profile), card_of(ALL)
    psam = StandardPsam(kit.psam_id, school.purchase.octets, chains=not is_t0)
    readers.put_psam(T0Chip(psam) if is_t0 else psam)
    till.counter.psam = readers.psam
    chip = T0Chip(card_of(Choices(fci=long_one, log_tail=b"\xff"))) if is_t0 else card
    with readers.put(chip) as laid:
        assert till.sell(None, PRICE, card=laid).end is End.DONE
    card.dies = 0x54
    with readers.card.lay() as laid:
        torn = till.sell(None, PRICE, card=laid)
    assert torn.end is (End.DONE if is_t0 else End.UNKNOWN)
    card.dies = None
    with readers.put(chip) as laid:
        assert till.sell(None, PRICE, card=laid).end is End.DONE
    assert len(till.written()) == 3 - (not is_t0)


class _Before:
    """A card that is taken away before its debit."""

    def __init__(self, card):
        self._card = card

    def transmit(self, apdu, /):
        from shared.purse.errors import CardLost

        if apdu[1] == 0x54:
            raise CardLost("taken away")
        return self._card.transmit(apdu)
