"""A terminal's side of a TCP link by hand: two bytes of length, HELLO to RECORD, CMACs, as RECORDS.md says it."""

import socket
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from tests.patience import PATIENCE_S

HELLO, CHALLENGE, AUTH, WELCOME, REFUSE = 1, 2, 3, 4, 5
RECORD, ACK, SETTLED, STATUS, HEARTBEAT, TIME, ASK, ANSWER = range(0x10, 0x18)


def cmac(key: bytes, covered: bytes) -> bytes:
    """AES-CMAC."""
    mac = CMAC(AES(key))
    mac.update(covered)
    return mac.finalize()


class Caller:
    """A connection to an edge's TCP port."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def throw(self, raw: bytes) -> None:
        """Any bytes at all."""
        self._socket.sendall(raw)

    def say(self, message: bytes) -> None:
        """A framed message."""
        self.throw(len(message).to_bytes(2, "big") + message)

    def hears(self, wait_s: float = PATIENCE_S) -> bytes | None:
        """The next message; None when the edge hangs up or says nothing."""
        self._socket.settimeout(wait_s)
        try:
            while len(self._buffer) < 2 or len(self._buffer) < 2 + int.from_bytes(self._buffer[:2], "big"):
                data = self._socket.recv(65536)
                if not data:
                    return None
                self._buffer += data
        except (TimeoutError, ConnectionError):
            return None
        end = 2 + int.from_bytes(self._buffer[:2], "big")
        message, self._buffer = self._buffer[2:end], self._buffer[end:]
        return message

    def until(self, kind: int) -> bytes | None:
        """The next message of this type, whatever comes before; None when the edge hangs up or says nothing."""
        while (message := self.hears()) is not None:
            if message[0] == kind:
                return message
        return None


class Joined:
    """A body that has joined as `device` with its key: as good as the real one, to the edge."""

    def __init__(self, caller: Caller, device: bytes, key: bytes, storage: bytes, psam: bytes) -> None:
        self.caller = caller
        self._device = device
        self._sent = 0
        r_term = b"attacker"
        hello = bytes((HELLO, 0x10)) + device + storage + psam + bytes(10) + r_term
        caller.say(hello)
        self.challenge = caller.hears()
        if self.challenge is None or self.challenge[0] != CHALLENGE:
            raise ConnectionError(f"no CHALLENGE: {self.challenge!r}")
        covered = b"openykt session v1\0" + self.challenge[2:18] + r_term + device
        self._key = cmac(key, covered)

    def sealed(self, kind: int, payload: bytes, index: int = 0) -> bytes:
        """An envelope with the next counter."""
        self._sent += 1
        body = bytes((kind, 0x10 | index)) + (self._sent & 0xFFFF).to_bytes(2, "big") + payload
        covered = b"\x01" + self._device + self._sent.to_bytes(4, "big") + body
        return body + cmac(self._key, covered)[:8]

    def auth(self, *epochs: bytes) -> bytes | None:
        """AUTH with these epochs; WELCOME's payload, or None."""
        self.caller.say(self.sealed(AUTH, bytes((len(epochs),)) + b"".join(epochs)))
        message = self.caller.hears()
        return message[4:-8] if message is not None and message[0] == WELCOME else None

    def ask_sealed(self, kind: int, payload: bytes, index: int = 0) -> None:
        """Say it sealed."""
        self.caller.say(self.sealed(kind, payload, index))
