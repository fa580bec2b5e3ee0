"""A real reader on the issuing desk. PC/SC has one door, and it is the edge's: a child (`python -m edge.card relay`)
has the reader, we have its lines.

Bounds: ANSWER_S for one line; a child that says nothing within it is ended, and the card counts as lost. What is sent
and answered is in no log and no exception.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from types import TracebackType
from typing import NamedTuple, Self

from shared.errors import ConfigFault
from shared.purse.errors import CardLost
from shared.words.voice import Text

ANSWER_S = 15.0
"""More than a connect and a command may take in the child, which has bounds of its own."""
START_S = 20.0
_PIECE = 4_096
_LINE_MAX = 2_048


class Laid(NamedTuple):
    """What lies in the reader. atr: as pcscd has it; protocol: T0 or T1."""

    atr: bytes
    protocol: str


class DeskReader:
    """One reader by its PC/SC name, for one thread; a CardChannel to what was laid last."""

    def __init__(self, name: str) -> None:
        """ConfigFault when there is no such reader, or none can be asked at all: in the child's words."""
        command = [sys.executable, "-P", "-m", "edge.card", "relay", "--reader", name]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._rest = b""
        self._is_gone = False
        ready = self._line(START_S)
        if ready != "READY relay":
            said = self._last_words()
            self.close()
            raise ConfigFault(said or Text("读卡器无法打开", "the reader cannot be opened"))

    def look(self) -> bytes | None:
        """The ATR of what lies there, without touching it; None: nothing does. ConfigFault: the reader is gone."""
        match self._ask("look").split():
            case ["card", atr, _]:
                return bytes.fromhex(atr)
            case ["empty"]:
                return None
        raise ConfigFault(Text("读卡器不见了", "the reader is gone"))

    def lay(self) -> Laid | None:
        """Power what lies there; None when nothing can be reached."""
        match self._ask("lay").split():
            case ["card", atr, protocol]:
                return Laid(b"" if atr == "-" else bytes.fromhex(atr), protocol)
        return None

    def transmit(self, apdu: bytes, /) -> bytes:
        """CardLost when no whole answer came, and for every further command until the next `lay`."""
        match self._ask(f"send {apdu.hex()}").split():
            case ["ok", answer]:
                return bytes.fromhex(answer)
        raise CardLost(Text("卡体无应答", "the body does not answer"))

    def free(self) -> None:
        """Let the card go, reset."""
        self._ask("free")

    def close(self) -> None:
        """End the child, in order if it lets us."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            self._child.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _ask(self, line: str) -> str:
        if self._is_gone or self._child.stdin is None:
            return "lost -"
        try:
            self._child.stdin.write(line.encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            self._is_gone = True
            return "lost -"
        return self._line(ANSWER_S)

    def _line(self, patience_s: float) -> str:
        """The next one; 'lost -' when none comes, after which nothing is asked any more."""
        until_s, out = time.monotonic() + patience_s, self._child.stdout
        while out is not None and b"\n" not in self._rest and len(self._rest) <= _LINE_MAX:
            left_s = until_s - time.monotonic()
            piece = os.read(out.fileno(), _PIECE) if left_s > 0 and select.select([out], [], [], left_s)[0] else b""
            if not piece:
                self._child.kill()
                self._is_gone = True
                return "lost -"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("ascii", "replace").strip()

    def _last_words(self) -> str:
        self._child.kill()
        raw = self._child.stderr.read(_PIECE) if self._child.stderr is not None else b""
        return raw.decode("utf-8", "replace").strip()
