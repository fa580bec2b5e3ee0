"""`python -m edge.card relay --reader NAME`: one reader for a program that is not of the edge, by lines.

In: `look`, `lay`, `send HEX`, `free`; out: `empty`, `card ATR T0|T1`, `none WHY`, `ok HEX`, `lost WHY`. One line in,
one out; the end of the input is the end. A stuck reader dies with this process. What is sent may hold keys under a
transport key: nothing of it is logged. Bound of a line: LINE_MAX; a longer or a foreign one ends it (exit code 2).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from edge.card.reader.reader import LaidCard, NoCard, Reader, found_readers, require_readers
from edge.life import say
from shared.errors import ConfigFault
from shared.purse.errors import CardLost
from shared.words.voice import Text

LINE_MAX = 1_024
"""Twice the longest short APDU in hexadecimal, and its word."""


class Relay:
    """A reader and what lies in it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._reader = Reader(name)
        self._laid: LaidCard | None = None

    def answer(self, line: str) -> str:
        """To one line. ConfigFault for a line that is none of ours."""
        match line.split():
            case ["look"]:
                return self._look()
            case ["lay"]:
                return self._lay()
            case ["send", text]:
                return self._send(_apdu(text))
            case ["free"]:
                self.free()
                return "ok"
        raise ConfigFault(Text("不认识的一行", "not a line of the relay"))

    def free(self) -> None:
        """The card is reset and let go."""
        laid, self._laid = self._laid, None
        if laid is not None:
            laid.close()

    def close(self) -> None:
        """Give the reader back."""
        self.free()
        self._reader.close()

    def _look(self) -> str:
        found = next((one for one in found_readers() if one.name == self._name), None)
        if found is None:
            return "none reader"
        return f"card {found.atr.hex().upper()} -" if found.atr else "empty"

    def _lay(self) -> str:
        self.free()
        try:
            connection = self._reader.connect()
        except NoCard as none:
            return f"none {none.why.name}"
        self._laid = LaidCard(self._reader, connection)
        atr = next((one.atr for one in found_readers() if one.name == self._name), b"")
        return f"card {atr.hex().upper() or '-'} {'T0' if connection.is_t0 else 'T1'}"

    def _send(self, apdu: bytes) -> str:
        if self._laid is None:
            return "lost -"
        try:
            return f"ok {self._laid.transmit(apdu).hex().upper()}"
        except CardLost:
            self._laid = None
            return "lost -"


def serve(name: str, lines: Iterable[str]) -> int:
    """Until the lines end."""
    require_readers([name])
    relay = Relay(name)
    say("READY relay")
    try:
        for line in lines:
            if len(line) > LINE_MAX:
                raise ConfigFault(Text("一行太长", "too long a line"))
            say(relay.answer(line))
    finally:
        relay.close()
    return 0


def serve_input(name: str) -> int:
    """The lines of standard input."""
    return serve(name, iter(lambda: sys.stdin.readline(LINE_MAX + 1), ""))


def _apdu(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) < 4:
        raise ConfigFault(Text("不是指令", "not a command"))
    return raw
