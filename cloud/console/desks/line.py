"""The line of card desks: POST LINE_PATH, asked by agents alone, each with its token, one request of each at a time.

A request for what to do waits up to POLL_S and holds no thread meanwhile. Bounds: a body of LINE_MAX; TURNS questions
to the file at once. Tokens have 256 bits and codes 64: nobody guesses them in their time.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from cloud.console.desks.kept import Desks
from cloud.process.bodies import Receive, Refused, Scope, Send, bearer_of, refuse, whole_body
from shared.errors import StoreFault, WireFault
from shared.wire import codec
from shared.wire.desk.line import LINE_MAX, POLL_S, LineOp, Order, parse_ended
from shared.words.voice import Text

TURNS = 4
_HEADERS = [(b"content-type", b"application/cbor"), (b"cache-control", b"no-store")]
NO_CODE = Text("配对码无效、已用过或已过期", "the code is wrong, used or too old")
TWICE = Text("另有程序正用这个卡务台的令牌", "another program uses this desk's token")
_Found = TypeVar("_Found")


class _Asker(NamedTuple):
    """Of one request."""

    token: str
    receive: Receive


class DeskLine:
    """The ASGI application of LINE_PATH. ending: the process ends, and so does who waits here."""

    def __init__(self, desks: Desks, ending: asyncio.Event, poll_s: float = POLL_S) -> None:
        self._desks = desks
        self._ending = ending
        self._poll_s = poll_s
        self._turns = asyncio.Semaphore(TURNS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["method"] != "POST":
            await refuse(send, 404)
            return
        body = await whole_body(receive, LINE_MAX)
        answer = body if isinstance(body, Refused) else await self._answer(body, _Asker(bearer_of(scope), receive))
        await (refuse(send, answer) if isinstance(answer, int) else _say(send, answer))

    async def _answer(self, body: bytes, asker: _Asker) -> list[object] | int:
        """The answer, or the status of a refusal."""
        try:
            operation, *arguments = codec.unpack(body)
            return await self._done(operation, arguments, asker)
        except (WireFault, ValueError):
            return 400
        except StoreFault:
            return 503

    async def _done(self, operation: object, arguments: list[Any], asker: _Asker) -> list[object] | int:
        if operation == LineOp.PAIR:
            return await self._pair(arguments)
        desk = await self._ask(lambda: self._desks.heard(asker.token, _now_ms()))
        if desk is None:
            return 401
        if operation == LineOp.NEXT:
            return await self._next(desk, asker)
        if operation == LineOp.DONE:
            ended = parse_ended(arguments)
            await self._ask(lambda: self._desks.end(desk, ended, _now_ms()))
            return [True]
        return 400

    async def _pair(self, arguments: list[Any]) -> list[object]:
        (code,) = codec.fields(arguments, str, what="pair")
        found = await self._ask(lambda: self._desks.pair(code, _now_ms()))
        if found is None:
            return [False, NO_CODE.zh, NO_CODE.en]
        return [True, *found]

    async def _next(self, desk: int, asker: _Asker) -> list[object]:
        bell, loop = asyncio.Event(), asyncio.get_running_loop()
        if not self._desks.listen(desk, lambda: loop.call_soon_threadsafe(bell.set)):
            return [False, TWICE.zh, TWICE.en]
        try:
            order = await self._take(desk)
            if order is None:
                await self._wait(bell, asker.receive)
                order = await self._after(desk, asker.token)
        finally:
            self._desks.leave(desk)
        return [True, order.to_list()] if order else [True]

    async def _after(self, desk: int, token: str) -> Order | None:
        """Somebody may have revoked it meanwhile."""
        is_still = await self._ask(lambda: self._desks.heard(token, _now_ms())) == desk
        return await self._take(desk) if is_still else None

    async def _take(self, desk: int) -> Order | None:
        return await self._ask(lambda: self._desks.take(desk, _now_ms()))

    async def _wait(self, bell: asyncio.Event, receive: Receive) -> None:
        """Until there is something, who asks has gone, the process ends, or poll_s are over."""
        tasks = [asyncio.create_task(one) for one in (_rung(bell), _gone(receive), _rung(self._ending))]
        await asyncio.wait(tasks, timeout=self._poll_s, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, what: Callable[[], _Found]) -> _Found:
        async with self._turns:
            return await asyncio.to_thread(what)


async def _rung(event: asyncio.Event) -> None:
    await event.wait()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _say(send: Send, answer: list[object]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": codec.pack(answer)})


def _now_ms() -> int:
    return int(time.time() * 1000)
