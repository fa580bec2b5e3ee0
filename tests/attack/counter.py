"""A person at a counter: types a line, reads the screen until the next prompt."""

import re
import signal
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Self

from tests.attack.place import BOUND_S, POLL_S, Place

LOOK_S = 0.3
SUCCESS, HAD_GONE_THROUGH, BALANCE = "成功", "已扣款，未再扣", re.compile(r"余额 ¥([0-9.]+)")


class Counter:
    """Use as `with`: it is started, waited for, and ended in order, or by `kill`."""

    def __init__(self, place: Place, body: str, card: str = "0002", box: str = "canteen") -> None:
        reach = f"127.0.0.1:{place.ports[box]}"
        words = ("--data", place.data, "--name", body, "--card", card, "--tcp", reach)
        argv = [sys.executable, "-P", "-m", "edge.terminal", "interactive", *map(str, words)]
        self._process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
        self._screen = ""
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None or self._process.poll() is not None:
            self._end(signal.SIGKILL)
            return
        self._type("quit")
        assert self._process.wait(BOUND_S) == 0, self._screen
        self._end(signal.SIGKILL)

    def kill(self) -> None:
        """The power goes."""
        self._end(signal.SIGKILL)

    def online(self) -> Self:
        """Wait until it is."""
        self._until("在线")
        return self

    def offline(self) -> Self:
        """Wait until it sells without a network."""
        self._until("断网 · 可消费")
        return self

    def fails(self) -> str:
        """It ends by itself, and not well; what it said."""
        assert self._process.wait(BOUND_S) != 0, self._screen
        self._reader.join(BOUND_S)
        return self._screen

    def says(self, line: str, expected: str = "\n> ") -> str:
        """Type a line; the screen up to this text, which is the next prompt if none is given."""
        at = len(self._screen)
        self._type(line)
        return self._until(expected, at)

    def settled(self) -> None:
        """Look again and again until the ledger has all of it."""
        last_s = time.monotonic() + BOUND_S
        while "未入账 0" not in self.says(""):
            assert time.monotonic() < last_s, self._screen
            time.sleep(LOOK_S)

    def balance_fen(self) -> int:
        """Of the card that lies there."""
        found = BALANCE.search(self.says("balance", "余额 ¥"))
        if found is None:
            found = BALANCE.search(self._until("\n", self._screen.rindex("余额 ¥")))
        assert found is not None
        return round(float(found.group(1)) * 100)

    def _type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    def _until(self, expected: str, at: int = 0) -> str:
        last_s = time.monotonic() + BOUND_S
        while expected not in self._screen[at:]:
            assert time.monotonic() < last_s, f"{expected!r} was never shown:\n{self._screen}"
            time.sleep(POLL_S)
        return self._screen[at:]

    def _read(self) -> None:
        assert self._process.stdout is not None
        raw = b""
        while data := self._process.stdout.read(4096):
            raw += data
            self._screen = raw.decode(errors="replace")

    def _end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self._process.wait(BOUND_S)
        self._reader.join(BOUND_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
