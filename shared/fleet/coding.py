"""Coded symbols of a page: whoever lacks any k of its symbols needs any k others, no matter which. Frozen bytes. Pure.

A page of 1 KiB is 128 data symbols of 8 bytes, one CAN frame each; up to 127 repair symbols are sums of them over
GF(256) (polynomial 0x11D), weighted by a Cauchy matrix: repair symbol j weighs data symbol i by 1 / (j xor i), j from
128, i below 128. Every square part of such a matrix can be inverted, so any 128 different symbols give the page. A
page that is shorter is filled with zeros, and the symbols that are all filling are known without being sent.

Nothing here proves a page: a symbol that was forged gives a wrong one, and the document's digest says so.
"""

from collections.abc import Iterator
from functools import cache

from shared.fleet.document import PAGE_SIZE

SYMBOL_SIZE = 8
DATA_SYMBOLS = PAGE_SIZE // SYMBOL_SIZE
SYMBOLS = 255
"""Numbers 0–127 are data, 128–254 repair."""
_POLYNOMIAL = 0x11D


def data_symbols(size: int) -> int:
    """Of a page of so many bytes: those that are not all filling."""
    return -(-size // SYMBOL_SIZE)


def symbol_number(size: int, turn: int) -> int:
    """The symbols of a page in the order in which they are sent: data, repair, and again from the first."""
    needed = data_symbols(size)
    at = turn % (needed + SYMBOLS - DATA_SYMBOLS)
    return at if at < needed else DATA_SYMBOLS + at - needed


def symbol_of(page: bytes, number: int) -> bytes:
    """One symbol of a page. ValueError where there is no such number."""
    if not 0 <= number < SYMBOLS:
        raise ValueError(f"symbol {number}")
    if number < DATA_SYMBOLS:
        return page[number * SYMBOL_SIZE : (number + 1) * SYMBOL_SIZE].ljust(SYMBOL_SIZE, b"\0")
    weighed = (_number(part.translate(_times_by(_weight(number ^ at)))) for at, part in enumerate(_parts(page)))
    return _xor(weighed).to_bytes(SYMBOL_SIZE, "big")


class Gathered:
    """The symbols that have come of one page."""

    __slots__ = ("_data", "_needed", "_repair", "_size")

    def __init__(self, size: int) -> None:
        """size: bytes of the page, 1–1024."""
        self._size, self._needed = size, data_symbols(size)
        self._data: dict[int, bytes] = {}
        self._repair: dict[int, bytes] = {}

    def take(self, number: int, symbol: bytes) -> bool:
        """False: passed over, because there is no such symbol, it is here already, or no more are needed."""
        if number >= DATA_SYMBOLS:
            kept, is_known = self._repair, number < SYMBOLS
        else:
            kept, is_known = self._data, 0 <= number < self._needed
        if not is_known or len(symbol) != SYMBOL_SIZE or number in kept or not self.lacking:
            return False
        kept[number] = symbol
        return True

    @property
    def lacking(self) -> int:
        """How many symbols are still needed, whichever."""
        return self._needed - len(self._data) - len(self._repair)

    def page(self) -> bytes:
        """The page. ValueError while symbols are lacking."""
        if self.lacking:
            raise ValueError(f"{self.lacking} symbols are lacking")
        missing = [at for at in range(self._needed) if at not in self._data]
        found = self._data | dict(zip(missing, self._solved(missing), strict=True)) if missing else self._data
        return b"".join(found[at] for at in range(self._needed))[: self._size]

    def _solved(self, missing: list[int]) -> list[bytes]:
        """Gauss over the repair symbols: a row is its weights of the missing ones, then what they sum up to."""
        width = len(missing)
        rows = [self._row(number, symbol, missing) for number, symbol in self._repair.items()]
        for at in range(width):
            # Every leading minor of a Cauchy matrix is regular: the pivot is never zero.
            rows[at] = rows[at].translate(_times_by(_inverse(rows[at][at])))
            pivot = rows[at]
            for other, row in enumerate(rows):
                if other != at and row[at]:
                    rows[other] = _plus(row, pivot.translate(_times_by(row[at])))
        return [row[width:] for row in rows]

    def _row(self, number: int, symbol: bytes, missing: list[int]) -> bytes:
        known = (_number(part.translate(_times_by(_weight(number ^ at)))) for at, part in self._data.items())
        left = _number(symbol) ^ _xor(known)
        return bytes(_weight(number ^ at) for at in missing) + left.to_bytes(SYMBOL_SIZE, "big")


def _parts(page: bytes) -> Iterator[bytes]:
    for begin in range(0, len(page), SYMBOL_SIZE):
        yield page[begin : begin + SYMBOL_SIZE].ljust(SYMBOL_SIZE, b"\0")


def _number(symbol: bytes) -> int:
    return int.from_bytes(symbol, "big")


def _xor(numbers: Iterator[int]) -> int:
    total = 0
    for number in numbers:
        total ^= number
    return total


def _plus(one: bytes, other: bytes) -> bytes:
    return (_number(one) ^ _number(other)).to_bytes(len(one), "big")


def _times(one: int, other: int) -> int:
    product = 0
    while other:
        product ^= one if other & 1 else 0
        one = one << 1 ^ (_POLYNOMIAL if one & 0x80 else 0)
        other >>= 1
    return product


@cache
def _times_by(factor: int) -> bytes:
    """What `bytes.translate` takes to multiply every byte by it: one of 256, made when it is first asked for."""
    return bytes(_times(factor, value) for value in range(256))


@cache
def _inverse(factor: int) -> int:
    """Of what is not 0."""
    return _times_by(factor).index(1)


_weight = _inverse
"""By j xor i, which is never 0."""
