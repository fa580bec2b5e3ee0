"""A person at the interactive counter of a campus that sells: types, reads, and may be cut off."""

import asyncio
import sys
from codecs import getincrementaldecoder

from tests.scenes.campus import BOUND_S, Campus
from tests.scenes.plans import BOX, STRANGER

TRIES = 5
REVERSED = "已冲正，未收款"


class Hand:
    """A person at the interactive counter: a line typed, what is read on the screen waited for."""

    def __init__(self, campus: Campus, counter: str, box: str = BOX, clock: str = "", port: int = 0) -> None:
        """counter: a terminal of this box that nothing else runs. clock: the campus's, where it has one of its own.
        port: of the box, if something stands between."""
        self._clock = ("--clock", clock) if clock else ()
        self._campus = campus
        self._counter = counter
        self._port = port or campus.where.ports[box]
        self._process: asyncio.subprocess.Process | None = None
        self._read = ""
        self._text = getincrementaldecoder("utf-8")()

    async def __aenter__(self) -> "Hand":
        where = f"127.0.0.1:{self._port}"
        words = ("--data", str(self._campus.data), "--name", self._counter, "--card", STRANGER, "--tcp", where)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "edge.terminal", "interactive", *words, *self._clock,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await self._until("在线")
        return self

    async def __aexit__(self, *_: object) -> None:
        """In order, unless it was killed."""
        assert self._process is not None
        if self._process.returncode is None:
            await self.types("quit", "")
            async with asyncio.timeout(BOUND_S):
                assert await self._process.wait() == 0

    async def kill(self) -> None:
        """kill -9 of the terminal."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    @property
    def screen(self) -> str:
        """What was read since the last line was typed."""
        return self._read

    async def types(self, line: str, expected: str) -> None:
        """Type a line and wait for a text."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._read = ""
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()
        await self._until(expected)

    async def until_answered(self, line: str, expected: str) -> None:
        """Type a line until a text answers it: a busy machine may take longer than a till waits for its account, which
        then reverses the payment, and the cashier takes the next."""
        for _ in range(TRIES):
            await self.types(line, "")
            if await self._until(expected, REVERSED) == expected:
                return
        raise AssertionError(f"{TRIES} payments were reversed")

    async def eats(self, number: str, expected: str) -> None:
        """A meal by number, confirmed."""
        await self.types(f"meal {number}", "确认请键入 y")
        await self.types("y", expected)

    async def until(self, expected: str) -> None:
        """Wait for more to be shown."""
        await self._until(expected)

    async def _until(self, *expected: str) -> str:
        """Whichever is shown; the first of them, if both are."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(BOUND_S):
                while not (shown := [text for text in expected if text in self._read]):
                    self._read += self._text.decode(await self._process.stdout.read(4096))
        except TimeoutError:
            raise AssertionError(f"none of {expected} was ever shown:\n{self._read}") from None
        return shown[0]
