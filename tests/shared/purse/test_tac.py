"""The batch TAC check: frozen item bytes, verdicts, and a cache that never changes an answer."""

import random

import pytest

from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.purse import crypto
from shared.purse.crypto import Key, diversify
from shared.purse.errors import LayoutError
from shared.purse.tac import ITEM_SIZE, TacChecker, TacVerdict, tac_item, terminal_item

RNG = random.Random(7)
MASTERS = {(b"\x53\x03", 1): Key(RNG.randbytes(16)), (b"\x53\x03", 2): Key(RNG.randbytes(16))}


def item(number=1, version=1, algorithm=0, issuer=b"\x53\x03", data=bytes(22), spoil=b"\0\0\0\0"):
    card = issuer + number.to_bytes(8, "big")
    master = MASTERS.get((issuer, version), Key(bytes(16)))
    tac = crypto.tac(diversify(master, card[2:]), data)
    return tac_item(card, version, algorithm, data, bytes(a ^ b for a, b in zip(tac, spoil, strict=True)))


def test_the_item_is_frozen():
    raw = tac_item(bytes.fromhex("53030000000000001267"), 2, 1, bytes(range(22)), b"\xaa\xbb\xcc\xdd")
    assert raw.hex() == "53030000000000001267" + "02" + "01" + "16" + bytes(range(22)).hex() + "0000" + "aabbccdd"
    assert len(raw) == ITEM_SIZE


def test_each_verdict():
    items = (
        item() + item(spoil=b"\0\0\0\1") + item(version=3) + item(issuer=b"\x99\x99") + item(algorithm=4)
        + item(version=2) + item(data=bytes(range(24))) + item(algorithm=1)
    )  # fmt: skip
    assert list(TacChecker(MASTERS).check(items)) == [
        TacVerdict.OK, TacVerdict.WRONG, TacVerdict.UNKNOWN_KEY, TacVerdict.UNKNOWN_KEY,
        TacVerdict.UNKNOWN_ALGORITHM, TacVerdict.OK, TacVerdict.OK, TacVerdict.OK,
    ]  # fmt: skip


@pytest.mark.parametrize("size", [0, 21, 23, 25, 255])
def test_another_input_length_is_wrong(size):
    raw = bytearray(item(data=b"\1" * 22))
    raw[12] = size
    assert TacChecker(MASTERS).check(bytes(raw)) == b"\1"


def test_a_small_cache_gives_the_same_answers_and_stays_small():
    checker = TacChecker(MASTERS, warm_cards=4)
    for _ in range(3):
        batch = b"".join(item(n, data=RNG.randbytes(22)) for n in range(20))
        assert checker.check(batch) == bytes(20)
        assert len(checker._warm) == 4
    assert checker.check(item(19) + item(19) + item(0)) == bytes(3)


def test_what_a_terminal_signed_is_asked_in_the_same_form():
    key, device, covered = bytes(range(16)), b"\x53\x03\0\0\0\1", mac_input(b"stored bytes")
    right = terminal_mac(key, covered)
    assert right.hex() == "bf7440f6"
    terminals = lambda version, who, said: terminal_mac(key, said) if version == 1 else None  # noqa: E731
    checker = TacChecker(MASTERS, terminals=terminals)
    wrong = bytes((right[0] ^ 1,)) + right[1:]
    items = (
        terminal_item(device, 1, covered, right) + terminal_item(device, 1, covered, wrong)
        + terminal_item(device, 2, covered, right) + item()
    )  # fmt: skip
    assert list(checker.check(items)) == [TacVerdict.OK, TacVerdict.WRONG, TacVerdict.UNKNOWN_KEY, TacVerdict.OK]
    assert list(TacChecker(MASTERS).check(items)[:1]) == [TacVerdict.UNKNOWN_KEY]
    assert list(checker._warm) == [item()[:11]]


def test_nothing_asked_nothing_answered():
    assert TacChecker(MASTERS).check(b"") == b""


def test_a_torn_batch_is_refused():
    with pytest.raises(LayoutError):
        TacChecker(MASTERS).check(item()[:-1])


@pytest.mark.parametrize(("card", "data", "tac"), [(9, 22, 4), (10, 0, 4), (10, 25, 4), (10, 22, 3)])
def test_an_item_that_does_not_fit_is_refused(card, data, tac):
    with pytest.raises(LayoutError):
        tac_item(bytes(card), 1, 0, bytes(data), bytes(tac))


def test_a_master_may_stand_elsewhere_and_is_asked_once_per_cold_card():
    asked = []

    def keys(serials):
        asked.append(list(serials))
        return crypto.diversify_many(MASTERS[b"\x53\x03", 1], serials)

    checker = TacChecker({(b"\x53\x03", 1): keys})
    items = item(1) + item(2) + item(1) + item(1, spoil=b"\1\0\0\0")
    assert checker.check(items) == checker.check(items) == b"\0\0\0\1"
    assert [sorted(serials) for serials in asked] == [[(n).to_bytes(8, "big") for n in (1, 2)]]
