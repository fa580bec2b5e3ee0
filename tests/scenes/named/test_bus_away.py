"""A bus is away for a day and comes back with 20,000 records: each is posted once, and its hotlist counts long before.

The box and one counter are real processes; eight further bodies are played, and their day stands in the times of their
records alone. All purchases are real ones, of software cards and PSAMs.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from compose.servers.ports import LOOPBACK
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S
from shared.fleet.document import DocumentKind
from shared.money import yuan
from shared.words.voice import Text
from tests.bench.load import Till
from tests.bench.scene import Body, Made, made_of
from tests.bench.tap import buy, wire_of
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.office import explained
from tests.scenes.plans import BOX, command, in_plain
from tests.scenes.relay import Hears, Relay
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_posted

pytestmark = [pytest.mark.process, pytest.mark.large]
RECORDS = 20_000
LOST, HERE = "0002", "t-pos-1"
FEN = 10
POURED_AT_ONCE, PAUSE_S = 8, 0.004
"""Records between two pauses: some 2,000 a second, as fast as eight bodies are with what they have collected."""
COUNTS_S = 5.0
"""The hotlist counts at the bus so long after it is connected."""
DRAINED_S = 300.0
REFUSED = "declined 黑名单卡"
EDGE = f"edge-{BOX}"


@dataclass(slots=True)
class Line:
    """When something came up through the relay for the first time."""

    at_s: list[float] = field(default_factory=list)

    def watch(self) -> tuple[Hears, Hears]:
        """For one connection."""
        return (lambda _: self.at_s.append(time.time())), (lambda _: None)


def riders() -> Iterator[dict[str, Any]]:
    """At the real counter: the card that will be lost, and another one, by turns."""
    from_s = WALL.at(time.time())
    return ({"card": (LOST, "0004")[s % 2], "amount_fen": FEN, "at": from_s + s} for s in range(600))


def day_of(made: Made, bodies: list[Body]) -> list[Till]:
    """RECORDS whole purchases spread over the day before now, by turns at each body."""
    tills, now_s = [Till(body) for body in bodies], WALL.at(time.time())
    for n in range(RECORDS):
        till, card = tills[n % len(tills)], made.cards[-1 - n % 100]
        bought = buy(card, till.body.psam, till.body.psam_id, FEN, now_s - DAY_S + n * DAY_S // RECORDS)
        till.records.append(wire_of(bought, len(till.records) + 1))
    return tills


async def pour(tills: list[Till]) -> None:
    """All that they have, into the box."""
    for n in range(RECORDS):
        tills[n % len(tills)].tap()
        if n % POURED_AT_ONCE == 0:
            await asyncio.sleep(PAUSE_S)


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        room = in_plain(stage.room(plans.a_bus_that_leaves, days_old=3))
        campus = await stack.enter_async_context(Campus(room, seed=71, tear=0.0))
        made = made_of(campus.data, BOX)
        tills = day_of(made, [body for name, body in zip(_names(campus), made.bodies, strict=True) if name != HERE])
        for name in campus.bodies:
            if name != HERE:
                del campus.parts[name]
        campus.plays(HERE, riders())
        line = Line()
        relay = await stack.enter_async_context(Relay(campus.where.broker_port, line.watch))
        campus.reach(EDGE, campus.where.broker_port, relay.port)
        await campus.open()
        await asyncio.gather(*(till.join((LOOPBACK, campus.where.ports[BOX])) for till in tills))
        await campus.until_shown(3)
        relay.swallowing = True
        await relay.cut()
        with stage.step(
            Text("离网一天，记录落在车上的网关", "away for a day, records are durable at the bus"),
            Text(f"{RECORDS:,} 笔", f"{RECORDS:,}"),
        ) as step:
            await pour(tills)
            await campus.until_status("all are there", EDGE, lambda said: said["unsettled"] >= RECORDS, 60.0)
            step.seen = f"{campus.status(EDGE)['unsettled']:,}"
        command("cloud", "card", "report-lost", LOST, "--who", "王芳", "--data", campus.data)
        line.at_s.clear()
        relay.swallowing = False
        await relay.cut()
        await _comes_back(stage, campus, line)
        await _is_explained(stage, campus)
        whole = Text(f"{RECORDS:,} 笔，账目属实", f"{RECORDS:,}, the books are true")
        with stage.step(Text("恰好一次", "exactly once"), whole) as step:
            await campus.close_shop(60.0)
            found = sum(_posted_of(campus, bytes(till.body.device)) for till in tills)
            twice = campus.asked("SELECT COUNT(*) - COUNT(DISTINCT key) FROM record")[0][0]
            step.seen = Text(f"{found:,} 笔，重复入账 {twice}", f"{found:,}, posted twice: {twice}")
            assert (found, twice) == (RECORDS, 0), "not so"
            for till in tills:
                till.leave()
            require_posted(campus)


async def _is_explained(stage: Stage, campus: Campus) -> None:
    """What the lost card bought on the bus while nobody could tell it: the school bears it, and a person says why."""
    borne = Text("学校承担，一人说明", "the school bears it, a person explains it")
    with stage.step(Text("挂失后车上刷的", "what it bought there meanwhile"), borne) as step:
        step.seen = f"¥{yuan(await explained(campus, '车上离网'))}"


async def _comes_back(stage: Stage, campus: Campus, line: Line) -> None:
    quick = Text(f"≤ {COUNTS_S:g} 秒，积压还在走", f"≤ {COUNTS_S:g} s, the backlog goes on")
    with stage.step(Text("一连上，挂失名单先生效", "connected: first the hotlist counts"), quick) as step:
        await campus.until("it is connected", lambda: line.at_s)
        connected_s, before = line.at_s[0], campus.posted()
        await campus.until("the list counts", lambda: _listed_s(campus), 60.0)
        took_s, left = _listed_s(campus) - connected_s, RECORDS - (campus.posted() - before)
        step.seen = Text(f"{took_s:.1f} 秒，其时未入账 {left:,} 笔", f"{took_s:.1f} s, {left:,} not posted yet")
        assert took_s <= COUNTS_S * stage.slow, "too late"
    with stage.step(Text("车上拒收这张卡", "the bus refuses the card"), Text("黑名单卡", "on the hotlist")):
        await campus.until("it is refused", lambda: any(REFUSED in text for _, text in campus.displays[HERE]))
    with stage.step(Text("积压入账", "the backlog is posted"), Text(f"{RECORDS:,} 笔", f"{RECORDS:,}")) as step:
        await campus.until("all is posted", lambda: campus.posted() - before >= RECORDS, DRAINED_S)
        took_s = time.time() - connected_s
        step.seen = Text(
            f"{took_s:.0f} 秒，每秒 {RECORDS / took_s:,.0f} 笔", f"{took_s:.0f} s, {RECORDS / took_s:,.0f} a second"
        )


def _names(campus: Campus) -> list[str]:
    return [f"t-{terminal.name}" for _, _, terminal in campus.plan.terminals()]


def _listed_s(campus: Campus) -> float:
    """When the counter said first that it uses a hotlist with the card; 0: it has not."""
    rows = campus.asked(
        "SELECT r.since_ms FROM document_reported r JOIN hotlist_named n ON r.generation >= n.since "
        "WHERE r.kind = ? AND n.until IS NULL",
        int(DocumentKind.HOTLIST),
    )
    return float(rows[0][0]) / 1000 if rows else 0.0


def _posted_of(campus: Campus, device: bytes) -> int:
    return int(campus.asked("SELECT SUM(posted) FROM device_mark WHERE device = ?", device)[0][0])


SCENE = Scene(
    "bus-away",
    Text("车离网一天，带回两万笔", "a bus is away for a day with 20,000 records"),
    Text(
        "车上网关离网一天，攒下两万笔：一连上挂失名单几秒生效，积压照走，每笔恰好入账一次",
        "a box comes back with 20,000 records: its hotlist counts in seconds, the backlog drains, each is posted once",
    ),
    _play,
)


def test_a_bus_comes_back_with_a_day_of_records(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
