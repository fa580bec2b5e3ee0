"""Our terminal meets cards and PSAMs that we did not write and that are not as they should be: it sells to none that it
must not, loses no fen of those it sold to, says why, and never takes a refusal for a debit or the other way round.
"""

import pytest

from edge.terminal.station.tapping import run_through
from edge.terminal.store.untold import NOWHERE
from edge.terminal.taps.steps import End
from shared.purse.apdu import WholeChannel
from shared.purse.caps import CardCounters
from shared.purse.errors import CardLost
from shared.purse.reasons import Reason
from shared.records import PROVEN, Kind
from tests.edge.card import standard_des as des
from tests.edge.card.odd_chip import Odd, after, cut_to
from tests.edge.card.standard_card import NAME, OK, Choices, StandardCard, StandardPsam, fci_with_file, tlv

OPENING, PRICE = 50_000, 1250
NUMBER = "2025110000004711"
SERIAL = bytes.fromhex(NUMBER)


def public(issuer="5303", enabled="01", start="20250901", expiry="20290731", serial=NUMBER):
    return bytes.fromhex(f"{issuer} 0001 0000 0000 {enabled} 01 0000 {serial} {start} {expiry} 0102")


@pytest.fixture
def keys(school):
    return [des.card_key(master.octets, SERIAL) for master in (school.purchase, school.loads, school.tac)]


@pytest.fixture
def card_of(keys):
    def make(changes=None, choices=None, own_keys=None, **fields):
        record = CardCounters().encode()
        return Odd(StandardCard(public(**fields), own_keys or keys, OPENING, choices, record), changes or {})

    return make


@pytest.fixture
def till(kit, school):
    bench = kit.Bench(school).connect()
    bench.counter.psam = WholeChannel(StandardPsam(kit.psam_id, school.purchase.octets))
    return bench


def sell(till, card, amount=PRICE):
    card.power_on()
    return till.sell(None, amount, card=WholeChannel(card))


def posted(till):
    return [record.amount_fen for record in till.written().values() if record.kind in PROVEN]


def declined(till, card, reason):
    """Nothing taken, nothing pending, nothing written but the decline."""
    result = sell(till, card)
    assert (result.end, result.reason) == (End.DECLINED, reason)
    assert card.chip.money == OPENING
    assert not posted(till)
    assert not till.firmware.body.flash.waiting
    return result


# --- who may not be sold to ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["6A81", "6283", "9303", "6F0B8409A000000003869807016A81"])
def test_a_blocked_application_is_called_blocked(till, card_of, answer):
    """6A81 of PBOC, 6283 of ISO 7816-4 (with an FCI, too), 9303 for ever."""
    card = card_of({0xA4: answer})
    declined(till, card, Reason.CARD_BLOCKED)
    assert set(card.heard) == {0xA4}


def test_a_blocked_application_that_still_shows_its_file(till, card_of):
    card = card_of({0xA4: lambda _apdu, do: do()[:-2] + bytes.fromhex("6283")})
    declined(till, card, Reason.CARD_BLOCKED)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"expiry": "20251123"}, Reason.CARD_EXPIRED),
        ({"start": "20251201"}, Reason.CARD_NOT_YET_VALID),
        ({"enabled": "00"}, Reason.CARD_DISABLED),
        ({"serial": "0000000000000666"}, Reason.HOTLISTED),
    ],
)
def test_validity_and_hotlist(till, card_of, fields, reason):
    card = card_of(**fields)
    declined(till, card, reason)
    assert 0x54 not in card.heard


@pytest.mark.parametrize(("fields", "end"), [({"expiry": "20251124"}, End.DONE), ({"start": "20251124"}, End.DONE)])
def test_first_and_last_day(till, card_of, fields, end):
    assert sell(till, card_of(**fields)).end is end


@pytest.mark.parametrize("fields", [{}, {"issuer": "9999"}])
def test_a_card_of_other_keys_takes_no_mac1_of_ours(till, card_of, fields):
    declined(till, card_of(own_keys=[bytes(range(n, n + 16)) for n in (1, 2, 3)], **fields), Reason.CARD_REFUSED)


@pytest.mark.parametrize(("version", "algorithm"), [("07", "00"), ("01", "04"), ("01", "77")])
def test_a_key_that_the_psam_has_not(till, card_of, kit, school, version, algorithm):
    """The card's INIT names another version or algorithm: nothing is pending, nothing is sent to the card."""
    head = bytes.fromhex(version + algorithm)
    card = card_of({0x50: lambda _apdu, do: (lambda got: got[:9] + head + got[11:])(do())})
    till.counter.psam = till.psam
    result = sell(till, card)
    assert (result.end, card.chip.money) == (End.DECLINED, OPENING)
    assert 0x54 not in card.heard
    assert not till.firmware.body.flash.waiting


@pytest.mark.parametrize("word", ["6A82", "6D00", "6E00", "6999", "6985"])
def test_no_purse_at_all(till, card_of, word):
    declined(till, card_of({0xA4: word}), Reason.FOREIGN_CARD)


@pytest.mark.parametrize(
    "answer",
    ["6A82", "6981", "6982", "9000", "0102039000", "00" * 28 + "6282", "00" * 28 + "9000", "00" * 31 + "9000"],
)
def test_a_file_0015_that_is_none(till, card_of, answer):
    choices = Choices(fci=lambda _: tlv("6F", tlv("84", NAME)))
    declined(till, card_of({0xB0: answer}, choices), Reason.CARD_DATA)


@pytest.mark.parametrize("fci", ["6F", "6FFF", "6F82FFFF", "6F0A8408", "6F0684010084", "80" * 40, "6F80840101"])
def test_an_fci_of_nonsense_is_read_past(till, card_of, fci):
    """Its file 0015 stands where it always does."""
    card = card_of({0xA4: fci + "9000"})
    card.chip._selected = True
    card.power_on = lambda: b""
    assert till.sell(None, PRICE, card=WholeChannel(card)).end is End.DONE


@pytest.mark.parametrize("answer", ["6A83", "6A82", "6986", "9000", "21009000", "22" + "2E" + "00" * 46 + "9000"])
def test_a_capp_record_that_is_none(till, card_of, answer):
    declined(till, card_of({0xB2: answer}), Reason.CARD_DATA)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("9401", Reason.BALANCE), ("9402", Reason.CARD_COUNTER_FULL), ("9403", Reason.CARD_KEY),
        ("9408", Reason.CARD_LOCKED), ("6A81", Reason.CARD_BLOCKED), ("6283", Reason.CARD_REFUSED),
        ("9303", Reason.CARD_BLOCKED), ("6985", Reason.CARD_REFUSED), ("6581", Reason.CARD_REFUSED),
        ("6C0F", Reason.CARD_REFUSED),
    ],
)  # fmt: skip
def test_why_it_would_not_begin(till, card_of, word, reason):
    card = card_of({0x50: word})
    declined(till, card, reason)
    assert 0x54 not in card.heard


@pytest.mark.parametrize("size", [0, 4, 12, 14, 16, 19])
def test_a_begin_of_another_length(till, card_of, size):
    card = card_of({0x50: cut_to(size)})
    declined(till, card, Reason.CARD_DATA)
    assert 0x54 not in card.heard


def test_a_card_that_holds_less_than_it_lets_begin(till, card_of):
    declined(till, card_of({0x50: lambda _apdu, do: bytes(4) + do()[4:]}), Reason.BALANCE)


@pytest.mark.parametrize("word", ["9407", "6901", "6A83", "6A84", "6700", "6985", "6F00"])
def test_a_cache_that_is_refused_debits_nothing(till, card_of, word):
    card = card_of({0xDC: word})
    assert sell(till, card).end is End.DECLINED
    assert 0x54 not in card.heard
    assert not till.firmware.body.flash.waiting
    card.changes = {}
    assert sell(till, card).end is End.DONE
    assert posted(till) == [PRICE]


# --- the debit's answer --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 4, 7, 9, 12])
def test_an_answer_of_another_length_is_asked_of_the_card_again(till, card_of, size):
    card = card_of({0x54: cut_to(size)})
    assert sell(till, card).end is End.UNKNOWN
    card.changes = {}
    assert sell(till, card).end is End.DONE
    assert (card.chip.money, posted(till)) == (OPENING - PRICE, [PRICE])


@pytest.mark.parametrize("word", ["6F00", "6581", "6281", "6985", "6901", "6982", "6A80", "6400", "9300", "0000", "61"])
def test_a_word_after_the_debit_is_never_taken_for_not_debited(till, card_of, word):
    """It did debit, and says something else."""
    card = card_of({0x54: after(word)})
    assert sell(till, card).end is End.UNKNOWN
    card.changes = {}
    assert sell(till, card).end is End.DONE
    assert (card.chip.money, posted(till)) == (OPENING - PRICE, [PRICE])


@pytest.mark.parametrize("word", ["6F00", "6581", "6985", "6901", "6982", "6A80", "6400"])
def test_a_word_instead_of_the_debit_is_not_taken_for_one(till, card_of, word):
    card = card_of({0x54: word})
    assert sell(till, card).end is End.UNKNOWN
    card.changes = {}
    assert sell(till, card).end is End.DONE
    assert (card.chip.money, posted(till)) == (OPENING - PRICE, [PRICE])


def test_the_rest_of_the_answer_never_comes(till, card_of):
    """6108, and the card is gone before GET RESPONSE."""

    def gone(_apdu, _do):
        raise CardLost("gone")

    card = card_of({0xC0: gone}, Choices(chains=True))
    card.changes[0xC0] = lambda apdu, do: gone(apdu, do) if card.heard[-2] == 0x54 else do()
    assert sell(till, card).end is End.UNKNOWN
    card.changes = {}
    assert sell(till, card).end is End.DONE
    assert (card.chip.money, posted(till)) == (OPENING - PRICE, [PRICE])


def test_a_wrong_length_word_at_the_debit_is_answered_with_the_right_length(till, card_of):
    """6C08: nothing was done; asked with Le 08 it is done once."""
    first = []

    def change(apdu, do):
        if not first:
            first.append(apdu)
            return b"\x6c\x08"
        return do()

    card = card_of({0x54: change})
    assert sell(till, card).end is End.DONE
    assert card.heard.count(0x54) == 2
    assert card.chip.money == OPENING - PRICE


def test_a_forged_mac2_is_not_served(till, card_of):
    """The card may have been debited: the record goes out, the goods do not."""
    card = card_of({0x54: lambda _apdu, do: (lambda got: got[:4] + bytes(4) + OK)(do())})
    result = sell(till, card)
    assert (result.end, result.reason) == (End.UNKNOWN, Reason.MAC2_WRONG)
    assert not posted(till)


def test_a_card_with_other_proofs_first(till, card_of):
    """The profile says MAC then TAC; this card gives TAC then MAC, and its MAC2 tells which is which."""
    till.counter.psam = till.psam
    card = card_of({0x54: after("6F00")}, Choices(tac_first=True))
    assert sell(till, card).end is End.UNKNOWN
    card.changes = {}
    assert sell(till, card).end is End.DONE
    record = next(record for record in till.written().values() if record.kind in PROVEN)
    (proof,) = card.chip.proofs.values()
    assert record.tac == proof[:4]


@pytest.mark.parametrize("answer", ["9406", "6985", "6D00", "00009000", ""])
def test_a_card_without_proofs(till, card_of, answer):
    """Debited for certain by counter and balance, its TAC is lost: closed, noted as unproven, nothing taken again."""
    card = card_of({0x54: after("6F00"), 0x5A: answer})
    assert sell(till, card).end is End.UNKNOWN
    del card.changes[0x54]
    result = sell(till, card)
    assert (result.end, result.reason) == (End.CLOSED, Reason.PROOF_GONE)
    assert card.chip.money == OPENING - PRICE
    assert [record.kind for record in till.written().values()] == [Kind.UNPROVEN]


def test_extremes_of_a_begin(till, card_of):
    """The greatest balance, counter FFFE and an overdraft limit go into the record as the card said them."""
    card = card_of()
    card.chip.money, card.chip.offline = 0xFFFFFFFF, 0xFFFE
    assert sell(till, card).end is End.DONE
    (record,) = (record for record in till.written().values() if record.kind in PROVEN)
    assert (record.balance_fen, record.counter) == (0xFFFFFFFF, 0xFFFE)


# --- the other chip in the terminal --------------------------------------------------------------------------------


class OtherPsam(StandardPsam):
    """Its application may stand elsewhere; words of its own for 8070 and 8072."""

    fid = "1001"
    init = credit = None

    def _do(self, head, data, le):
        if head == "00a40000" and data.hex() != self.fid.lower():
            return bytes.fromhex("6A82")
        if head == "80700000" and self.init:
            return bytes.fromhex(self.init)
        if head == "80720000" and self.credit:
            return bytes.fromhex(self.credit)
        return super()._do(head, data, le)


@pytest.fixture
def with_psam(kit, school):
    """A till that is booted with a stranger's PSAM."""

    def make(**fields):
        bench = kit.Bench(school).connect()
        psam = OtherPsam(kit.psam_id, school.purchase.octets)
        for name, value in fields.items():
            setattr(psam, name, value)
        bench.counter.psam = WholeChannel(psam)
        return bench, psam, boot(bench)

    return make


def boot(bench):
    bar = run_through(bench.firmware.boot(bench.now(), NOWHERE), bench.counter)
    bench.connect()
    return bar


@pytest.mark.parametrize("fid", ["1001", "DF01"])
def test_where_the_purchase_application_stands(with_psam, card_of, fid):
    till, _, bar = with_psam(fid=fid)
    assert bar is None
    assert sell(till, card_of()).end is End.DONE


def test_a_psam_without_the_application_sells_nothing(with_psam, card_of):
    till, _, bar = with_psam(fid="EEEE")
    assert bar == "psam"
    assert sell(till, card_of()).end is End.NOT_SELLING


@pytest.mark.parametrize(
    ("word", "reason"),
    [("6A88", Reason.CARD_KEY), ("9403", Reason.CARD_KEY), ("9402", Reason.PSAM_REFUSED),
     ("9303", Reason.PSAM_REFUSED), ("6A81", Reason.PSAM_REFUSED), ("6983", Reason.PSAM_REFUSED),
     ("6985", Reason.PSAM_REFUSED), ("9000", Reason.PSAM_REFUSED), ("000000019000", Reason.PSAM_REFUSED)],
)  # fmt: skip
def test_a_psam_that_will_not(with_psam, card_of, word, reason):
    till, _, _ = with_psam(init=word)
    card = card_of()
    declined(till, card, reason)
    assert 0x54 not in card.heard


@pytest.mark.parametrize("word", ["9302", "6988", "63C2", "6983", "9303", "6A80"])
def test_a_psam_that_finds_the_mac2_wrong(with_psam, card_of, word):
    """Each COS has its word for it, and for the last try."""
    till, _, _ = with_psam(credit=word)
    result = sell(till, card_of())
    wrong = word in ("9302", "6988", "63C2")
    assert (result.end, result.reason) == (End.UNKNOWN, Reason.MAC2_WRONG if wrong else Reason.MAC2_UNCHECKED)
    assert not posted(till)


def test_the_last_number_of_a_psam(with_psam, card_of):
    till, psam, _ = with_psam(ttn=0xFFFFFFFE)
    assert sell(till, card_of()).end is End.DONE
    assert psam.ttn == 0xFFFFFFFF
    (record,) = (record for record in till.written().values() if record.kind in PROVEN)
    assert record.ttn == 0xFFFFFFFE


def test_a_psam_that_moves_its_number_with_every_begin(with_psam, card_of):
    """A gap in the numbers is no fault: a card that refused has taken one."""
    till, psam, _ = with_psam()
    card = card_of({0xDC: "6F00"})
    sell(till, card)
    psam.ttn += 5
    card.changes = {}
    assert sell(till, card).end is End.DONE


# --- two applications ----------------------------------------------------------------------------------------------


def any_name(fci_of):
    """A card of one application that answers every SELECT by name with it."""

    class AnyName(StandardCard):
        def _select(self, p1, data):
            return super()._select(p1, NAME if p1 == 4 else data)

    return lambda keys: Odd(AnyName(public(), keys, OPENING, Choices(fci=fci_of), CardCounters().encode()))


@pytest.mark.parametrize("fci", [fci_with_file, lambda _: b""])
def test_one_application_under_every_name_is_no_second_purse(kit, school, keys, fci):
    """Its FCI names the application that it has, or nothing: what it has is not taken for a subsidy."""
    till = kit.Bench(school, subsidy=True).connect()
    till.counter.psam = WholeChannel(StandardPsam(kit.psam_id, school.purchase.octets))
    card = any_name(fci)(keys)
    assert sell(till, card).end is End.DONE
    (record,) = (record for record in till.written().values() if record.kind in PROVEN)
    assert record.purse >> 6 == 0
    assert card.chip.money == OPENING - PRICE


def test_another_application_under_our_name_is_not_ours(till, keys):
    """It answers our name with another's FCI, as for a name that only begins alike."""
    card = any_name(lambda file: tlv("6F", tlv("84", NAME[:-1] + b"\2"), tlv("A5", tlv("9F0C", file))))(keys)
    declined(till, card, Reason.FOREIGN_CARD)


def test_a_longer_name_than_was_asked_for_is_ours(till, keys):
    card = any_name(lambda file: tlv("6F", tlv("84", NAME + b"\1"), tlv("A5", tlv("9F0C", file))))(keys)
    assert sell(till, card).end is End.DONE


@pytest.mark.parametrize("word", ["6700", "6D00", "6E00", "6A86", "6985", "6C00", "9302", "6F00"])
def test_a_get_response_that_is_refused_says_nothing_of_the_debit(till, card_of, word):
    """6108 says that it was done. A card that then knows no GET RESPONSE was debited all the same."""
    card = card_of(choices=Choices(chains=True))
    card.changes[0xC0] = lambda _apdu, do: bytes.fromhex(word) if 0x54 in card.heard else do()
    assert sell(till, card).end is End.UNKNOWN
    card.changes, card.heard = {}, []
    assert sell(till, card).end is End.DONE
    assert (card.chip.money, posted(till)) == (OPENING - PRICE, [PRICE])
