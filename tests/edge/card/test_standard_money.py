"""Our card's money as a desk that we did not write checks it: every byte of load, unload, overdraft, purchase, cash and
CAPP, the log they leave, their bounds, and what GET TRANSACTION PROVE says after the power went at any command.
"""

import os

import pytest

from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory, decode_card_image
from shared.purse.errors import CardLost
from tests.edge.card import standard_des as des
from tests.edge.card.standard_desk import NOON, TERMINAL, TTN, StandardDesk, h
from tests.shared.purse import full_card
from tests.shared.purse.full_card import CITY, DAY, DLK, DPK, DPK_2, DTK, DTK_2, DUK, DULK, TRIP

ED, EP = 1, 2
LATER = h("20251124183059")


class Memory(RamMemory):
    """Loses the card at its next write, before or after it took effect."""

    cut = None

    def store(self, image, /):
        cut, self.cut = self.cut, None
        if cut == "before":
            raise CardLost("cut")
        super().store(image)
        if cut == "after":
            raise CardLost("cut")


@pytest.fixture
def memory():
    return Memory(full_card.image())


@pytest.fixture
def desk(memory):
    """ED with 0, EP with 5000 fen, 0017 with three records; the PIN is verified."""
    made = StandardDesk(UserCard(memory, os.urandom))
    open_purse(made)
    return made


def open_purse(desk):
    assert desk.select() == "9000"
    assert desk.pin() == "9000"


def change(memory, purse, **fields):
    image = decode_card_image(memory.load())
    for name, value in fields.items():
        setattr(image.application.purse(purse), name, value)
    memory.image = image.encode()


def log(desk):
    found = []
    while (answer := desk.say(f"00B2{len(found) + 1:02X}C4", b"", 0))[1] == "9000":
        found.append(answer[0])
    assert answer[1] == "6A83"
    return found


def line(number, amount, kind, when=NOON, limit=0):
    return number.to_bytes(2, "big") + limit.to_bytes(3, "big") + des.fen(amount) + bytes((kind,)) + TERMINAL + when


# --- byte for byte -------------------------------------------------------------------------------------------------


def load(desk, purse, amount, when=NOON):
    opened = desk.begun(0, purse, amount)
    command, _, fields = desk.online_of(opened, DLK, purse, amount, when)
    tac, word = desk.raw(command)
    assert word == "9000"
    after = des.fen(int.from_bytes(opened[:4], "big") + amount)
    assert tac == des.tac(DTK, after, opened[4:6], fields)
    return opened, tac, command[-5:-1]


def unload(desk, amount, when=NOON):
    opened = desk.begun(5, ED, amount)
    command, session, fields = desk.online_of(opened, DULK, 3, amount, when)
    mac3, word = desk.raw(command)
    assert word == "9000"
    after = des.fen(int.from_bytes(opened[:4], "big") - amount)
    assert mac3 == des.mac(session, after, opened[4:6], fields)
    return opened, mac3, command[-5:-1]


def spend(desk, p1, purse, kind, amount, dpk=DPK, dtk=DTK, key_id=1, records=(), when=NOON):
    opened = desk.begun(p1, purse, amount, key_id)
    for record in records:
        assert desk.word(f"80DC{record[0]:02X}B8", record) == "9000"
    command, mac2 = desk.debit_of(opened, dpk, kind, amount, when)
    answer, word = desk.raw(command)
    assert word == "9000"
    assert answer[4:] == mac2
    assert answer[:4] == des.tac(dtk, des.fen(amount), bytes((kind,)), TERMINAL, TTN, when)
    return opened, answer


def limit_to(desk, fen, was, when=NOON):
    opened = desk.begun(4, ED)
    balance, online, old, rnd, mac1 = opened[:4], opened[4:6], opened[6:9], opened[11:15], opened[15:]
    assert old == was.to_bytes(3, "big")
    session = des.load_session(DUK, rnd, online)
    assert mac1 == des.mac(session, balance, old, b"\7", TERMINAL)
    new = fen.to_bytes(3, "big")
    answer, word = desk.say("80580000", new + when + des.mac(session, new, b"\7", TERMINAL, when), 4)
    if word == "9000":
        after = des.fen(int.from_bytes(balance, "big") - was + fen)
        assert answer == des.tac(DTK, after, online, new, b"\7", TERMINAL, when)
    return word


def test_every_transaction_of_the_ed_and_its_log(desk):
    """Online ones share one counter, offline ones another; the log is newest first and carries the limit."""
    opened, tac, mac2 = load(desk, ED, 10_000)
    assert opened[:8] == h("00000000 0000 01 00")
    assert desk.prove(1, 1) == (mac2 + tac, "9000")
    assert limit_to(desk, 2_000, 0) == "9000"
    assert desk.balance(ED) == 12_000
    assert len(desk.prove(7, 2)[0]) == 8
    opened, answer = spend(desk, 1, ED, 5, 11_000)
    assert opened[:11] == des.fen(12_000) + h("0000 0007D0 01 00")
    assert desk.prove(5, 1) == (answer[4:] + answer[:4], "9000")
    opened, answer = spend(desk, 2, ED, 4, 500, when=LATER)
    assert opened[4:6] == h("0001")
    assert desk.prove(4, 2) == (answer[4:] + answer[:4], "9000")
    load(desk, ED, 3_500)
    opened, mac3, mac2 = unload(desk, 1_000, LATER)
    assert desk.prove(3, 4) == (mac2 + mac3, "9000")
    assert desk.balance(ED) == 3_000
    assert log(desk) == [
        line(4, 1_000, 3, LATER, 2_000), line(3, 3_500, 1, NOON, 2_000), line(2, 500, 4, LATER, 2_000),
        line(1, 11_000, 5, NOON, 2_000), line(2, 2_000, 7, NOON, 2_000), line(1, 10_000, 1),
    ]  # fmt: skip
    assert desk.balance(EP) == 5_000


def test_the_banks_credit_is_spent_but_not_unloaded(desk):
    assert limit_to(desk, 2_000, 0) == "9000"
    assert desk.begin(5, ED, 1)[1] == "9401"
    spend(desk, 1, ED, 5, 2_000)
    assert desk.begin(1, ED, 1)[1] == "9401"
    assert limit_to(desk, 1_999, 2_000) == "6985"
    assert limit_to(desk, 5_000, 2_000) == "9000"
    assert desk.balance(ED) == 3_000


def test_a_composite_purchase_of_entry_exit_and_transfer(desk):
    """Entry writes for nothing; the exit pays; a transfer writes two records with one debit."""
    entry, out = TRIP[:2] + h("000A0B0C0D0E"), TRIP[:2] + h("000000000000")
    spend(desk, 3, EP, 9, 0, records=[entry])
    assert desk.expect("00B222B8", b"", 0) == entry
    opened, _ = spend(desk, 3, EP, 9, 300, records=[out], when=LATER)
    assert opened[:6] == h("00001388 0001")
    assert desk.expect("00B222B8", b"", 0) == out
    moved = CITY[:2] + h("001122334455")
    spend(desk, 3, EP, 9, 150, records=[entry, moved])
    assert desk.expect("00B201BC", b"", 0) == DAY
    assert desk.expect("00B202BC", b"", 0) == entry
    assert desk.expect("00B203BC", b"", 0) == moved
    assert desk.balance() == 4_550
    assert log(desk) == [line(3, 150, 9), line(2, 300, 9, LATER), line(1, 0, 9)]
    assert desk.prove(9, 2)[1] == "9406"
    assert desk.prove(9, 3)[1] == "9000"


def test_what_is_no_composite_purchase(desk):
    record = TRIP[:2] + h("000A0B0C0D0E")
    for command, word in (
        (("80DC99B8", record), "6A83"),
        (("80DC22B8", record[:-1]), "6700"),
        (("80DC22B8", b"\x21" + record[1:]), "6A80"),
        (("80DC22C0", record), "6A82"),
        (("80DC22B9", record), "6A86"),
    ):
        desk.begun(3, EP, 100)
        assert desk.word(*command) == word
    desk.begun(1, EP, 100)
    assert desk.word("80DC22B8", record) == "6901"
    opened = desk.begun(3, EP, 100)
    assert desk.word("80DC22B8", record) == "9000"
    command, _ = desk.debit_of(opened, DPK, 6, 100)
    assert desk.raw(command)[1] == "9302"
    assert desk.expect("00B222B8", b"", 0) == TRIP
    assert desk.balance() == 5_000


def test_the_second_key_version_and_its_tac_key(desk):
    opened, _ = spend(desk, 1, EP, 6, 100, DPK_2, DTK_2, key_id=2)
    assert opened[9:11] == h("02 00")
    spend(desk, 1, EP, 6, 100)


def test_a_mac_of_one_half_opens_no_other(desk):
    """MAC1 covers amount, kind, terminal, date and time; the key of the session comes from random and counter."""
    for spoil in range(len(h("805401000F") + TTN + NOON)):
        opened = desk.begun(1, EP, 100)
        command, _ = desk.debit_of(opened, DPK, 6, 100)
        bad = bytearray(command)
        bad[spoil] ^= 0x01
        if spoil in (5, 6):
            continue  # the left half of the terminal's number is under the TAC alone
        assert desk.raw(bytes(bad))[1] != "9000"
    opened = desk.begun(1, EP, 100)
    command, _ = desk.debit_of(opened, DPK, 6, 101)
    assert desk.raw(command)[1] == "9302"
    assert desk.raw(desk.debit_of(opened, DPK, 6, 100)[0])[1] == "6901"
    assert desk.balance() == 5_000
    assert log(desk) == []


# --- bounds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("p1", "purse", "kind"), [(1, EP, 6), (3, EP, 9), (1, ED, 5), (2, ED, 4)])
def test_the_offline_counter_ends_at_ffff(desk, memory, p1, purse, kind):
    change(memory, purse, offline=0xFFFE, balance_fen=1_000)
    desk.chip.power_on()
    open_purse(desk)
    opened, _ = spend(desk, p1, purse, kind, 100, records=[DAY] if p1 == 3 else ())
    assert opened[4:6] == h("FFFE")
    assert desk.begin(p1, purse, 100)[1] == "9402"
    assert desk.begin(p1, purse, 0)[1] == "9402"
    assert desk.prove(kind, 0xFFFF)[1] == "9000"
    assert log(desk)[0][:2] == h("FFFF")
    assert load(desk, purse, 100)[0][4:6] == h("0000")


@pytest.mark.parametrize("purse", [ED, EP])
def test_the_online_counter_ends_at_ffff(desk, memory, purse):
    change(memory, purse, online=0xFFFE, balance_fen=1_000)
    desk.chip.power_on()
    open_purse(desk)
    assert load(desk, purse, 100)[0][4:6] == h("FFFE")
    assert desk.begin(0, purse, 100)[1] == "9402"
    if purse == ED:
        assert desk.begin(5, ED, 100)[1] == "9402"
        assert desk.begin(4, ED)[1] == "9402"
    spend(desk, 1, purse, 4 + purse, 100)


def test_the_ceiling_of_a_load(desk):
    """100,000 fen of the EP: up to it, not above."""
    assert desk.begin(0, EP, 95_001)[1] == "6985"
    assert desk.begin(0, EP, 0xFFFFFFFF)[1] == "6985"
    load(desk, EP, 95_000)
    assert desk.balance() == 100_000
    assert desk.begin(0, EP, 1)[1] == "6985"
    spend(desk, 1, EP, 6, 100_000)
    assert desk.balance() == 0
    assert desk.begin(1, EP, 1)[1] == "9401"
    spend(desk, 1, EP, 6, 0)


def test_the_log_keeps_ten_of_all_kinds(desk):
    load(desk, EP, 1_000)
    for amount in range(1, 12):
        spend(desk, 1, EP, 6, amount)
    assert log(desk) == [line(n, n, 6) for n in range(11, 1, -1)]


# --- the power goes ------------------------------------------------------------------------------------------------


def prepared(kind):
    """Begins a transaction of this kind; the command that ends it, and what it must leave at the purse."""

    def make(desk):
        if kind in (1, 2):
            opened = desk.begun(0, kind, 700)
            return desk.online_of(opened, DLK, kind, 700)[0], 700
        if kind == 3:
            opened = desk.begun(5, ED, 700)
            return desk.online_of(opened, DULK, 3, 700)[0], -700
        p1, purse = {4: (2, ED), 5: (1, ED), 6: (1, EP), 9: (3, EP)}[kind]
        opened = desk.begun(p1, purse, 700)
        if kind == 9:
            assert desk.word("80DC21B8", DAY[:2] + b"\0" + opened[:4] + b"\7") == "9000"
        return desk.debit_of(opened, DPK, kind, 700)[0], -700

    return make


PURSE = {1: ED, 2: EP, 3: ED, 4: ED, 5: ED, 6: EP, 9: EP}
"""Of each type of transaction."""


def once(desk, kind):
    command, _ = prepared(kind)(desk)
    answer, word = desk.raw(command)
    assert word == "9000"
    return answer


def counter(desk, kind):
    """Of the transaction's side, by a begin for nothing."""
    p1 = {1: 0, 2: 0, 3: 5}.get(kind, 1)
    return int.from_bytes(desk.begun(p1, PURSE[kind], 0)[4:6], "big")


@pytest.mark.parametrize("kind", PURSE)
@pytest.mark.parametrize("cut", ["before", "after"])
def test_the_power_goes_at_the_second_half(desk, memory, kind, cut):
    """All of it or nothing; the proof of it, or the one before, which must not be taken for it."""
    load(desk, ED, 5_000)
    old = once(desk, kind)
    balance, records = desk.balance(PURSE[kind]), desk.expect("00B221B8", b"", 0)
    before, entries = counter(desk, kind), log(desk)
    command, amount = prepared(kind)(desk)
    memory.cut = cut
    with pytest.raises(CardLost):
        desk.raw(command)
    desk.chip.power_on()
    open_purse(desk)
    assert desk.raw(command)[1] == "6901"
    happened = cut == "after"
    assert desk.balance(PURSE[kind]) == balance + amount * happened
    assert counter(desk, kind) == before + happened
    assert len(log(desk)) == len(entries) + happened
    proof, word = desk.prove(kind, before + happened)
    assert word == "9000"
    assert (proof == old[4:] + old[:4] or proof[4:] == old) is not happened
    assert desk.prove(kind, before + (not happened))[1] == "9406"
    if kind == 9:
        assert (desk.expect("00B221B8", b"", 0) != records) is happened
    once(desk, kind)
    assert desk.balance(PURSE[kind]) == balance + amount * (1 + happened)


@pytest.mark.parametrize("kind", PURSE)
def test_the_power_goes_between_the_halves(desk, kind):
    """A session does not survive; nothing happened; the same command is no use at the next session either."""
    load(desk, ED, 5_000)
    balance = desk.balance(PURSE[kind])
    command, _ = prepared(kind)(desk)
    desk.chip.power_on()
    open_purse(desk)
    assert desk.raw(command)[1] == "6901"
    prepared(kind)(desk)
    assert desk.raw(command)[1] == "9302"
    assert desk.balance(PURSE[kind]) == balance
    assert desk.prove(kind, 1 if kind != 1 else 2)[1] == "9406"


def test_the_proof_of_one_type_outlives_the_others(desk):
    """One for each type, of both purses; a reset takes none away."""
    load(desk, ED, 5_000)
    answers = {kind: once(desk, kind) for kind in PURSE if kind != 1}
    desk.chip.power_on()
    open_purse(desk)
    numbers = {2: 1, 3: 2, 4: 1, 5: 2, 6: 1, 9: 2}
    for kind, answer in answers.items():
        proof, word = desk.prove(kind, numbers[kind])
        assert word == "9000", kind
        assert answer in (proof[4:], proof[4:] + proof[:4]), kind
