"""What a keypad of Linux says (evdev), as keys of a till. Pure: bytes in, keys out.

The kernel's own layout on 64 bits, `struct input_event`: two longs of time, type, code, value. Only a press counts, not
its repetition: an amount is what a finger typed. Some keypads wrap each key in NumLock: it is no key here. After
SYN_DROPPED (the kernel's queue ran over) nothing counts up to the next SYN_REPORT.
"""

import struct
from enum import StrEnum

EVENT = struct.Struct("@llHHi")
SYN, KEY, SND = 0x00, 0x01, 0x12
SYN_REPORT, SYN_DROPPED = 0, 3
PRESSED = 1


class Key(StrEnum):
    """One key of a till. Digits and the point are called as they are typed."""

    POINT = "."
    ENTER = "enter"
    BACK = "back"
    CLEAR = "clear"
    PAY = "pay"
    VOID = "void"
    MENU = "menu"
    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"


_PAD = {82: "0", 79: "1", 80: "2", 81: "3", 75: "4", 76: "5", 77: "6", 71: "7", 72: "8", 73: "9"}
"""KEY_KP0 … KEY_KP9. A key 00 presses 0 twice."""
_TOP = {11: "0"} | {code: str(code - 1) for code in range(2, 11)}
_CODES = {code: Key(digit) for code, digit in (_PAD | _TOP).items()} | {
    83: Key.POINT, 52: Key.POINT,  # KP., .
    96: Key.ENTER, 28: Key.ENTER,
    14: Key.BACK, 111: Key.BACK,  # backspace, delete
    74: Key.CLEAR, 1: Key.CLEAR, 223: Key.CLEAR,  # KP-, escape, cancel
    78: Key.PAY,  # KP+
    55: Key.VOID,  # KP*
    98: Key.MENU, 139: Key.MENU,  # KP/, menu
}  # fmt: skip


class Presses:
    """The events of one keypad."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_deaf = False

    def feed(self, raw: bytes) -> list[Key]:
        """The keys pressed in it. Half an event waits for its other half."""
        whole = self._rest + raw
        end = len(whole) - len(whole) % EVENT.size
        self._rest = whole[end:]
        found = (self._key(*event[2:]) for event in EVENT.iter_unpack(whole[:end]))
        return [key for key in found if key is not None]

    def _key(self, kind: int, code: int, value: int) -> Key | None:
        if kind == SYN:
            self._is_deaf = code == SYN_DROPPED or (self._is_deaf and code != SYN_REPORT)
        is_press = kind == KEY and value == PRESSED and not self._is_deaf
        return _CODES.get(code) if is_press else None


def event(kind: int, code: int, value: int) -> bytes:
    """As the kernel takes and gives it; the time is the kernel's to say."""
    return EVENT.pack(0, 0, kind, code, value)
