"""Coded symbols: any 128 different ones give the page, whichever were lost; frozen bytes; what is no symbol."""

from hashlib import sha256
from random import Random

import pytest

from shared.fleet.coding import DATA_SYMBOLS, SYMBOL_SIZE, SYMBOLS, Gathered, data_symbols, symbol_of
from shared.fleet.document import PAGE_SIZE

PAGE = bytes(range(256)) * 4
PATTERNS = 300
FROZEN = {
    0: "0001020304050607",
    127: "f8f9fafbfcfdfeff",
    128: "3473bafd3572bbfc",
    129: "3671b8ff3770b9fe",
    254: "084f86c1094e87c0",
}
"""Symbols of PAGE by number."""


def gathered(page: bytes, numbers) -> Gathered:
    found = Gathered(len(page))
    for number in numbers:
        found.take(number, symbol_of(page, number))
    return found


@pytest.mark.parametrize("number", FROZEN)
def test_bytes_of_a_symbol_are_frozen(number):
    assert symbol_of(PAGE, number).hex() == FROZEN[number]


def test_all_repair_symbols_are_frozen():
    repair = b"".join(symbol_of(PAGE, number) for number in range(DATA_SYMBOLS, SYMBOLS))
    assert sha256(repair).hexdigest()[:16] == "867b755effd643cb"


def test_any_128_of_the_symbols_give_the_page():
    chance = Random(12)
    for _ in range(PATTERNS):
        page = chance.randbytes(PAGE_SIZE)
        numbers = chance.sample(range(SYMBOLS), DATA_SYMBOLS)
        assert gathered(page, numbers).page() == page


def test_a_page_of_any_size_comes_back_as_long_as_it_was():
    chance = Random(13)
    for size in [1, 7, 8, 9, 1016, 1017, 1023, *(chance.randint(1, PAGE_SIZE) for _ in range(30))]:
        page = chance.randbytes(size)
        repair = range(DATA_SYMBOLS, SYMBOLS)
        needed = data_symbols(size)
        there = chance.sample([*range(needed), *repair], needed)
        assert gathered(page, there).page() == page


def test_the_worst_of_losses_is_made_good_by_repair_symbols_and_one():
    numbers = [5, *range(DATA_SYMBOLS, SYMBOLS)]
    assert gathered(PAGE, numbers).page() == PAGE


def test_what_is_lacking_is_a_number_and_no_page_comes_before_it_is_none():
    found = gathered(PAGE, range(10, DATA_SYMBOLS))
    assert found.lacking == 10
    with pytest.raises(ValueError, match="10 symbols"):
        found.page()


def test_a_symbol_that_is_none_is_passed_over():
    found = Gathered(100)
    symbol = bytes(SYMBOL_SIZE)
    assert not found.take(-1, symbol)
    assert not found.take(SYMBOLS, symbol)
    assert not found.take(data_symbols(100), symbol)
    assert not found.take(0, symbol[1:])
    assert found.lacking == 13


def test_a_symbol_counts_once_and_none_beyond_what_is_needed():
    found = Gathered(9)
    assert found.take(0, bytes(SYMBOL_SIZE))
    assert not found.take(0, bytes(SYMBOL_SIZE))
    assert found.take(200, symbol_of(bytes(9), 200))
    assert not found.take(1, bytes(SYMBOL_SIZE))
    assert found.page() == bytes(9)


def test_a_symbol_that_was_forged_gives_another_page_and_no_error():
    found = gathered(PAGE, range(1, DATA_SYMBOLS))
    found.take(128, b"forged!!")
    assert found.page() != PAGE


def test_there_is_no_symbol_above_the_last():
    with pytest.raises(ValueError, match="255"):
        symbol_of(PAGE, SYMBOLS)
