"""An SMS gateway (SMSC) that speaks SMPP 3.4 on a loopback port: takes texts, sends receipts and answers, misbehaves.

For a demonstration and for tests. It reads the protocol by itself, not by our client's codec; `sent` is what it took.
"""

import socket
import struct
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

POLL_S = 0.02
PDU_MAX = 4096
THROTTLED, QUEUE_FULL, BIND_FAILED, NO_SUCH_NUMBER = 0x58, 0x14, 0x0D, 0x0B
_BIND, _SUBMIT, _DELIVER, _ENQUIRE = 9, 4, 5, 0x15
_ANSWER = 0x80000000


@dataclass
class Mood:
    """How it misbehaves. mute: it answers nothing; slow_s: it answers so late; bind, submit: the status that it answers
    these with; hangs_up: it goes when it has taken a text, without a word; receipt: what receipts say, empty: none
    comes; times: how often each comes; holds: receipts wait for this many texts, and then come the last first; decimal:
    receipts write in decimal what answers write in hexadecimal."""

    mute: bool = False
    slow_s: float = 0.0
    bind: int = 0
    submit: int = 0
    hangs_up: bool = False
    receipt: str = "DELIVRD"
    times: int = 1
    holds: int = 0
    decimal: bool = False


@dataclass(frozen=True)
class Taken:
    """A part that it took: from and to whom, its text, and its header of parts (group, of how many, which)."""

    source: str
    number: str
    text: str
    part: tuple[int, ...] = ()


class SmscEmulator:
    """Use as a context manager; `port` is what a door connects to, on 127.0.0.1."""

    def __init__(self, port: int = 0, first: int = 1) -> None:
        """first: the number of the first text that it takes."""
        self.mood = Mood()
        self.sent: list[Taken] = []
        self.binds: list[tuple[str, str]] = []
        self.enquiries = 0
        self.acknowledged = 0
        """Receipts and answers that the client has said it got."""
        self._said: deque[bytes] = deque()
        self._whose: dict[int, str] = {}
        self._number = first - 1
        self._held: list[int] = []
        self._sequence = 0
        self._stop = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", port))
        self._listening.settimeout(POLL_S)
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="smsc", daemon=True)

    def __enter__(self) -> "SmscEmulator":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._listening.close()

    def hand_over(self, number: str, text: str) -> None:
        """Somebody writes an SMS to it; number without a plus."""
        self._said.append(_deliver(number, 0, 8, text.encode("utf-16-be")))

    def report(self, number: int, stat: str) -> None:
        """A receipt of the part that got this number, now."""
        ident = number if self.mood.decimal else f"{number:X}"
        text = f"id:{ident} sub:001 dlvrd:001 submit date:2611280312 done date:2611280312 stat:{stat} err:000 text:"
        whose = self._whose.get(number, "8613800138000")
        self._said.extend([_deliver(whose, 4, 0, text.encode("ascii"))] * self.mood.times)

    def say(self, octets: bytes) -> None:
        """Bytes as they are, which may be nonsense."""
        self._said.append(octets)

    def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(OSError):
                line, _ = self._listening.accept()
                with line:
                    self._serve(line)

    def _serve(self, line: socket.socket) -> None:
        line.settimeout(POLL_S)
        buffer = b""
        is_bound = False
        while not self._stop.is_set():
            while is_bound and self._said and not self.mood.mute:
                line.sendall(self._numbered(self._said.popleft()))
            with suppress(TimeoutError):
                more = line.recv(PDU_MAX)
                if not more:
                    return
                buffer += more
            while len(buffer) >= 16 and len(buffer) >= (length := struct.unpack(">L", buffer[:4])[0]):
                frame, buffer = buffer[:length], buffer[length:]
                if self.mood.mute:
                    continue
                answer = self._answer(frame)
                if answer is None:
                    return
                line.sendall(answer)
                is_bound = True

    def _numbered(self, frame: bytes) -> bytes:
        self._sequence += 1
        return frame[:12] + struct.pack(">L", self._sequence) + frame[16:] if len(frame) > 16 else frame

    def _answer(self, frame: bytes) -> bytes | None:
        """What it says to a frame; None: it hangs up."""
        _, command, _, sequence = struct.unpack(">4L", frame[:16])
        if command == _BIND:
            return self._bound(frame[16:], sequence)
        if command == _SUBMIT:
            return self._submitted(frame[16:], sequence)
        self.enquiries += command == _ENQUIRE
        self.acknowledged += command == _DELIVER | _ANSWER
        return b"" if command & _ANSWER else _frame(command | _ANSWER, 0, sequence)

    def _bound(self, body: bytes, sequence: int) -> bytes:
        system_id, password = body.split(b"\0")[:2]
        self.binds.append((system_id.decode(), password.decode()))
        return _frame(_BIND | _ANSWER, self.mood.bind, sequence, b"emulator\0")

    def _submitted(self, body: bytes, sequence: int) -> bytes | None:
        if self.mood.submit:
            return _frame(_SUBMIT | _ANSWER, self.mood.submit, sequence)
        self._number += 1
        self.sent.append(_taken(body))
        self._whose[self._number] = self.sent[-1].number.removeprefix("+")
        self._stop.wait(self.mood.slow_s)
        if self.mood.hangs_up:
            return None
        if self.mood.receipt:
            self._held.append(self._number)
        if len(self._held) >= self.mood.holds:
            while self._held:
                self.report(self._held.pop(), self.mood.receipt)
        return _frame(_SUBMIT | _ANSWER, 0, sequence, f"{self._number:X}".encode() + b"\0")


def _frame(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    return struct.pack(">4L", 16 + len(body), command, status, sequence) + body


def _deliver(number: str, kind: int, coding: int, data: bytes) -> bytes:
    body = b"\0\x01\x01" + number.encode() + b"\0\0\x01" + b"10690001\0"
    return _frame(_DELIVER, 0, 0, body + bytes((kind, 0, 0, 0, 0, 0, 0, coding, 0, len(data))) + data)


def _taken(body: bytes) -> Taken:
    source, at = _address(body, body.index(b"\0") + 1)
    number, at = _address(body, at)
    kind = body[at]
    at = body.index(b"\0", body.index(b"\0", at + 3) + 1) + 1  # behind two times: when to send, how long it is good
    length, data = body[at + 4], body[at + 5 :]
    if len(data) != length or body[at + 2] != 8:
        raise ValueError("the client sends what is no text in UCS-2")
    part = tuple(data[3:6]) if kind & 0x40 else ()
    return Taken(source, number, data[6 if part else 0 :].decode("utf-16-be"), part)


def _address(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(b"\0", at + 2)
    return ("+" if body[at] == 1 else "") + body[at + 2 : end].decode("ascii"), end + 1
