"""A GSM modem on a pseudo terminal: takes PDUs, hands over status reports and answers, and misbehaves on demand.

For a demonstration and for tests. It writes nothing anywhere; `sent` is what it has taken.
"""

import os
import threading
import tty
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from select import select

READ_BYTES = 4096
POLL_S = 0.05
_STAMP = "62117280012380"


@dataclass
class Mood:
    """How it misbehaves. mute: it answers nothing; error: what it says instead of sending; breaks: it loses its line
    after a prompt; slow_s: it answers a text so late; reports: what status reports say, None: none comes; times: how
    often each comes; holds: they wait for this many texts, and then come the last first."""

    mute: bool = False
    error: str = ""
    breaks: bool = False
    slow_s: float = 0.0
    reports: int | None = 0
    times: int = 1
    holds: int = 0


@dataclass(frozen=True)
class Taken:
    """A part that it has sent: to whom, and its text."""

    number: str
    text: str


class ModemEmulator:
    """Use as a context manager; `device` is what a door opens."""

    def __init__(self) -> None:
        self.mood = Mood()
        self.sent: list[Taken] = []
        self.device = ""
        self._said: deque[str] = deque()
        self._reference = 0
        self._held: list[str] = []
        self._length = 0
        self._buffer = b""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="modem", daemon=True)

    def __enter__(self) -> "ModemEmulator":
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.device = os.ttyname(self._slave)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    def hand_over(self, number: str, text: str) -> None:
        """Somebody writes an SMS to it."""
        body = text.encode("utf-16-be")
        pdu = "0004" + _address(number) + "0008" + _STAMP + f"{len(body):02X}" + body.hex()
        self._said.append(f"+CMT: ,{len(pdu) // 2 - 1}\r\n{pdu.upper()}")

    def _run(self) -> None:
        while not self._stop.is_set():
            while self._said:
                self._write(f"\r\n{self._said.popleft()}\r\n")
            if select([self._master], [], [], POLL_S)[0]:
                with suppress(OSError):
                    self._heard(os.read(self._master, READ_BYTES))

    def _heard(self, more: bytes) -> None:
        self._buffer += more
        while True:
            end = b"\x1a" if self._length else b"\r"
            if end not in self._buffer:
                return
            line, self._buffer = self._buffer.split(end, 1)
            if not self.mood.mute:
                self._body(line) if self._length else self._command(line.decode("ascii", "replace").strip())

    def _command(self, line: str) -> None:
        if not line.startswith("AT+CMGS="):
            self._write("\r\nOK\r\n")
            return
        if self.mood.error:
            self._write(f"\r\n{self.mood.error}\r\n")
            return
        self._length = int(line.removeprefix("AT+CMGS="))
        self._write("\r\n> ")

    def _body(self, line: bytes) -> None:
        length, self._length = self._length, 0
        if self.mood.breaks:
            return
        octets = bytes.fromhex(line.decode("ascii").strip())
        if len(octets) - 1 - octets[0] != length:
            self._write("\r\n+CMS ERROR: 304\r\n")
            return
        self._reference = (self._reference + 1) % 256
        number = _digits(octets[3:])
        self.sent.append(Taken(number, _text(octets)))
        self._stop.wait(self.mood.slow_s)
        self._write(f"\r\n+CMGS: {self._reference}\r\n\r\nOK\r\n")
        if self.mood.reports is not None:
            pdu = "0006" + f"{self._reference:02X}" + _address(number) + _STAMP * 2 + f"{self.mood.reports:02X}"
            self._held.append(f"+CDS: {len(pdu) // 2 - 1}\r\n{pdu.upper()}")
        if len(self._held) >= self.mood.holds:
            while self._held:
                self._said.extend([self._held.pop()] * self.mood.times)

    def _write(self, text: str) -> None:
        os.write(self._master, text.encode("ascii"))


def _address(number: str) -> str:
    digits = number.removeprefix("+")
    padded = digits + "F" * (len(digits) % 2)
    kind = "91" if number.startswith("+") else "81"
    return f"{len(digits):02X}{kind}" + "".join(padded[n + 1] + padded[n] for n in range(0, len(padded), 2))


def _digits(octets: bytes) -> str:
    length, kind = octets[0], octets[1]
    raw = octets[2 : 2 + (length + 1) // 2].hex()
    digits = "".join(raw[n + 1] + raw[n] for n in range(0, len(raw), 2))[:length]
    return ("+" if kind == 0x91 else "") + digits


def _text(octets: bytes) -> str:
    has_header = octets[1] & 0x40
    at = 5 + (octets[3] + 1) // 2 + 3
    data = octets[at + 1 : at + 1 + octets[at]]
    return data[1 + data[0] if has_header else 0 :].decode("utf-16-be")
