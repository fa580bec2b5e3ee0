"""An HTTPS service as a part of the launcher: it serves, says READY, reports, is watched, and ends in order."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cloud.process.health import healthy
from cloud.process.life import report, say, stop_on_signals
from cloud.process.serving import HttpsServer
from shared.support.watchdog import Duty, Watchdog
from shared.words.health import Health, page_of

Figures = Mapping[str, float | int | str | bool]
Beside = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class HttpsPart:
    """figures: of STATUS and of its page. moved: how far duties other than the loop have come. beside: what goes on
    meanwhile, until the event is set; one that ends before ends the part. said: behind the address in READY. waits: for
    whom it waits now, though it serves."""

    name: str
    figures: Callable[[], Figures]
    moved: Callable[[], Mapping[str, int]] = dict
    beside: Sequence[Beside] = field(default=())
    said: str = ""
    waits: Callable[[], tuple[str, ...]] = tuple


async def run(server: HttpsServer, part: HttpsPart, given: argparse.Namespace) -> None:
    """Until told to end. given: host, port, health and end_with_stdin of its command line. Whatever one of those beside
    raises: what nobody turns any more must not look well."""
    stop = asyncio.Event()
    stop_on_signals(stop, end_with_stdin=given.end_with_stdin)
    serving = asyncio.create_task(server.serve(), name=part.name)
    address = f"https://{given.host}:{given.port}/{part.said}"
    others = [asyncio.create_task(one) for one in (_tell(server, stop, part, address), *(b(stop) for b in part.beside))]
    async with healthy(given.health, lambda: _health(server, part)):
        told = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, told, *others}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    server.should_exit = True
    server.serving.set()
    ended = await asyncio.gather(serving, *others, return_exceptions=True)
    for fault in (one for one in ended if isinstance(one, BaseException)):
        raise fault


def _health(server: HttpsServer, part: HttpsPart) -> Health:
    waits = () if server.serving.is_set() else ("https",)
    return Health(waits=(*waits, *part.waits()), page=page_of(part.name, part.figures()))


async def _tell(server: HttpsServer, stop: asyncio.Event, part: HttpsPart, address: str) -> None:
    await server.serving.wait()
    say(f"READY {part.name} {address}")
    loop = Duty()
    with Watchdog(part.name, lambda: {"loop": loop.turns, **part.moved()}) as watchdog:
        watchdog.ready()
        await report(stop, part.figures, loop)
