"""A QR code of up to 34 digits, for a phone that looks at a till: version 1, level M, one mask. Pure. ISO/IEC 18004.

A terminal draws nothing else, so it needs no library for it. Whoever shows it leaves QUIET light squares around.
"""

from collections.abc import Iterator

SIZE, QUIET, DIGITS_MAX = 21, 4, 34
_MASK, _DATA, _CHECK = 2, 16, 10
_FORMAT = 0b101111001111100
"""Level M and mask 2 with their check bits, as the standard's table of formats has them."""
_GROUP_BITS = {1: 4, 2: 7, 3: 10}
_PADS = (0xEC, 0x11)
_PRIMITIVE = 0x11D
Rows = tuple[tuple[bool, ...], ...]


def qr_rows(digits: str) -> Rows:
    """SIZE rows of SIZE squares, true is dark. ValueError for anything but 1 to DIGITS_MAX digits."""
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= DIGITS_MAX):
        raise ValueError(f"1..{DIGITS_MAX} digits")
    grid: list[list[bool | None]] = [[None] * SIZE for _ in range(SIZE)]
    for row, column in ((0, 0), (0, SIZE - 7), (SIZE - 7, 0)):
        _finder(grid, row, column)
    for at in range(8, SIZE - 8):
        grid[6][at] = grid[at][6] = at % 2 == 0
    _formats(grid)
    data = _data_words(digits)
    bits = (bool(word >> bit & 1) for word in (*data, *check_words(data)) for bit in range(7, -1, -1))
    for row, column in _way():
        if grid[row][column] is None:
            grid[row][column] = next(bits) ^ (column % 3 == 0)
    return tuple(tuple(bool(square) for square in row) for row in grid)


def check_words(words: list[int]) -> list[int]:
    """Reed-Solomon over GF(256)."""
    generator, root = [1], 1
    for _ in range(_CHECK):
        longer = [*generator, 0]
        for place, one in enumerate(generator):
            longer[place + 1] ^= _times(one, root)
        generator, root = longer, _times(root, 2)
    rest = [*words, *[0] * _CHECK]
    for at in range(len(words)):
        factor = rest[at]
        for place, one in enumerate(generator):
            rest[at + place] ^= _times(one, factor)
    return rest[len(words) :]


def _data_words(digits: str) -> list[int]:
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    bits = f"0001{len(digits):010b}" + "".join(f"{int(part):0{_GROUP_BITS[len(part)]}b}" for part in parts)
    bits += "0" * min(4, _DATA * 8 - len(bits))
    bits += "0" * (-len(bits) % 8)
    words = [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]
    return words + [_PADS[at % 2] for at in range(_DATA - len(words))]


def _times(one: int, other: int) -> int:
    product = 0
    while other:
        if other & 1:
            product ^= one
        one = one << 1 ^ (_PRIMITIVE if one & 0x80 else 0)
        other >>= 1
    return product


def _finder(grid: list[list[bool | None]], row: int, column: int) -> None:
    """With its light border."""
    for down in range(-1, 8):
        for right in range(-1, 8):
            y, x = row + down, column + right
            if 0 <= y < SIZE and 0 <= x < SIZE:
                ring = max(abs(down - 3), abs(right - 3))
                grid[y][x] = ring != 2 and ring < 4


def _formats(grid: list[list[bool | None]]) -> None:
    """Twice, and the one square that is always dark."""
    last = SIZE - 1
    around = [(8, at) for at in (0, 1, 2, 3, 4, 5, 7, 8)] + [(at, 8) for at in (7, 5, 4, 3, 2, 1, 0)]
    apart = [(last - at, 8) for at in range(7)] + [(8, SIZE - 8 + at) for at in range(8)]
    for places in (around, apart):
        for at, (row, column) in enumerate(places):
            grid[row][column] = bool(_FORMAT >> (14 - at) & 1)
    grid[SIZE - 8][8] = True


def _way() -> Iterator[tuple[int, int]]:
    """All squares as data fills them: two columns at a time from the right, up and down."""
    is_up = True
    for right in (*range(SIZE - 1, 6, -2), 5, 3, 1):
        for step in range(SIZE):
            row = SIZE - 1 - step if is_up else step
            yield row, right
            yield row, right - 1
        is_up = not is_up
