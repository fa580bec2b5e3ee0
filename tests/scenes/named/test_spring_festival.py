"""Back from Spring Festival: thirty-five days dark, clocks dead, power at 05:30, all sell at 06:20; and no flood.

The campus has three lives, by its clock: the last evening of term, the holiday in which its centre alone runs, and the
first morning of the next term, which runs faster than ours. Terminals come back with a clock that has lost its time.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud.watch.notify.terms import Why
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S, time_text
from shared.fleet.document import DocumentKind
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.alarmed import WHO, Alarmed
from tests.scenes.campus import Campus
from tests.scenes.plans import command
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
DARK_DAYS = 35
POWER_S, OPENS_S = 5 * 3600 + 30 * 60, 6 * 3600 + 20 * 60
"""05:30 and 06:20, in seconds of the day."""
SPEED, SHORT_SPEED = 120, 240
"""The fifty minutes between them take twenty-five seconds, half of it in the short form; longer on a busy machine."""
TIMES_AS_LONG, LONGEST_S = 4, 80.0
LOST = ("1000", "1001")
"""Lost on the way home: the first customers of two tills."""
FEN, SALES, GAP_S = 200, 4, 90
"""Sales of each till from 06:20 on, and the seconds between two."""
AT_S = 5
"""From the start of a life until somebody comes."""
REFUSED, PAID = "declined 黑名单卡", "done 成功"
CENTRE = "broker", "keys", "ingest", "watch"
MESSAGES_MOST = 1
BOUND_S = 120.0


def first_day() -> int:
    """Its first second: tomorrow, so that it lies behind the holiday."""
    return (WALL.at(time.time()) // DAY_S + 1) * DAY_S


def people(tills: list[str], day_s: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Who comes to each till at 06:20: at two of them, a lost card first."""
    for n, till in enumerate(tills):
        cards = [f"{1002 + n}"] * SALES
        if n < len(LOST):
            cards = [LOST[n], *cards]
        at_s = day_s + OPENS_S
        yield till, [{"card": card, "amount_fen": FEN, "at": at_s + i * GAP_S} for i, card in enumerate(cards)]


def _regular(n: int) -> list[dict[str, Any]]:
    """The one who always eats at this till: a bite a second. Nobody but a thief has a lost card."""
    clock_s = first_day() - DARK_DAYS * DAY_S
    return [{"card": f"{1002 + n}", "amount_fen": 10, "at": clock_s + AT_S + i} for i in range(1200)]


async def _last_evening(stage: Stage, room: Path, day_s: int) -> tuple[int, float]:
    """Everybody sells; at the end the centre is away, then the box, and then the power. How many are owed, and in how
    many seconds all was open."""
    clock = f"{day_s - DARK_DAYS * DAY_S}:{time.time()}:1"
    async with Campus(room, seed=83, tear=0.0, clock=clock) as campus:
        owed = Text("最后几笔留在终端与网关", "the last sales stay in tills and box")
        with stage.step(Text("放假前一晚", "the last evening"), owed) as seen:
            for n, name in enumerate(campus.bodies):
                campus.plays(name, _regular(n))
            began_s = time.monotonic()
            await campus.open()
            opened_s = time.monotonic() - began_s
            await campus.until("each uses a hotlist", lambda: len(_using(campus)) == len(campus.bodies))
            await campus.kill("ingest")
            await campus.until_shown(len(campus.bodies))
            await campus.kill(*campus.boxes)
            await campus.until_shown(len(campus.bodies))
            left = campus.shown() - campus.posted()
            seen.seen = Text(f"{left} 笔", f"{left} sales")
            assert left >= len(campus.bodies)
            await campus.kill_all()
            return left, opened_s


async def _holiday(stage: Stage, room: Path, day_s: int) -> None:
    """Nobody is there but the centre; who lost a card says so."""
    async with Campus(room, seed=84, watched=True, clock=f"{day_s - DAY_S}:{time.time()}:1") as campus:
        alarmed = Alarmed(campus)
        alarmed.know_somebody()
        with stage.step(Text("假期里", "in the holiday"), Text("两张卡挂失", "two cards are lost")):
            await campus.start(*CENTRE)
            for label in LOST:
                command("cloud", "card", "report-lost", label, "--who", WHO, "--data", campus.data)
        if stage.whole:
            await _dark(stage, campus, alarmed)


async def _dark(stage: Stage, campus: Campus, alarmed: Alarmed) -> None:
    """The watch says that the box is not heard, once; somebody knows why."""
    one, box = Text("一条报警，有人确认", "one alarm, acknowledged"), _of_the_box(campus)
    with stage.step(Text("网关断着电", "the box has no power"), one) as seen:
        await campus.until("the box's alarm", lambda: box in alarmed.there(), BOUND_S)
        await alarmed.turns()
        seen.seen = " ".join(rule for rule, _ in alarmed.calling())
        assert alarmed.calling() == {box}
        command("cloud", "alarms", "ack", *box, "--who", WHO, "--note", "放假断电", "--data", campus.data)


async def _first_morning(stage: Stage, room: Path, day_s: int, owed: int, speed: float) -> None:
    began_s = time.time()
    clock = f"{day_s + POWER_S}:{began_s}:{speed}"
    async with Campus(room, seed=85, watched=True, clock=clock) as campus:
        for name, lines in people(campus.bodies, day_s):
            campus.plays(name, lines)
            campus.say(name, "--clock-unset")
        before, posted = len(campus.told()), campus.posted()
        with stage.step(
            Text("05:30 来电", "power at 05:30"), Text("先拿名单，再开始卖", "the hotlist first, then sales")
        ) as seen:
            await campus.open()
            newest = _newest(campus)
            await campus.until("all use the newest", lambda: set(_using(campus).values()) == {newest}, BOUND_S)
            assert len(_using(campus)) == len(campus.bodies)
            paid = _times(campus, PAID)
            at_s = int(day_s + POWER_S + (time.time() - began_s) * speed)
            seen.seen = Text(f"{time_text(at_s)[-8:]} 全部拿到", f"all have it at {time_text(at_s)[-8:]}")
            is_early = at_s < day_s + OPENS_S
            assert is_early or stage.slow > 1, "later than they open"
            assert not (is_early and paid), "somebody has sold before"
        with stage.step(Text("欠下的", "what is owed"), Text("先交清", "is handed over")) as seen:
            await campus.until("all of it is posted", lambda: campus.posted() >= posted + owed, BOUND_S)
            seen.seen = Text(f"{owed} 笔", f"{owed} sales")
        with stage.step(Text("06:20 全部开卖", "all sell at 06:20"), Text("挂失的卡被拒", "lost cards are refused")):
            sales = SALES * len(campus.bodies)
            await campus.until("everybody was sold to", lambda: _times(campus, PAID) >= sales, BOUND_S)
            assert _times(campus, REFUSED) == len(LOST)
        with stage.step(Text("报警", "alarms"), Text(f"至多 {MESSAGES_MOST} 封", f"{MESSAGES_MOST} at most")) as seen:
            alarmed = Alarmed(campus)
            await campus.until("the box's alarm is over", lambda: _of_the_box(campus) not in alarmed.calling(), BOUND_S)
            await alarmed.turns()
            fresh = campus.told()[before:]
            calls = [one for one in fresh if one.why is not Why.RETURNED]
            seen.seen = Text(f"{len(fresh)} 封，在册 {len(alarmed.there())}", f"{len(fresh)} mails")
            assert alarmed.calling() == set(), alarmed.calling()
            assert len(calls) <= MESSAGES_MOST, fresh
            assert {(key.rule, str(key.source)) for one in fresh for key in one.keys} <= {_of_the_box(campus)}
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")):
            await campus.close_shop(BOUND_S)
            require_truth(campus)


def _of_the_box(campus: Campus) -> tuple[str, str]:
    return "box-silent", f"box:{campus.plan.boxes[0].box}"


def _speed(most: float, opened_s: float) -> float:
    """Of the clock: the time from the power to the first customer is several times as long as all takes to open."""
    return min(most, (OPENS_S - POWER_S) / min(TIMES_AS_LONG * opened_s, LONGEST_S))


def _using(campus: Campus) -> dict[str, int]:
    """Device → the hotlist that it says it uses."""
    sql = "SELECT device, generation FROM document_reported WHERE kind = ? AND generation > 0"
    return {device.hex(): generation for device, generation in campus.asked(sql, int(DocumentKind.HOTLIST))}


def _newest(campus: Campus) -> int:
    """The newest hotlist that the centre has made."""
    sql = "SELECT max(generation) FROM document WHERE kind = ?"
    return int(campus.asked(sql, int(DocumentKind.HOTLIST))[0][0])


def _times(campus: Campus, face: str) -> int:
    return sum(text.startswith(face) for name in campus.bodies for _, text in campus.displays.get(name, ()))


async def _play(stage: Stage) -> None:
    room = stage.room(plans.sixteen_tills if stage.whole else plans.three_tills, days_old=90)
    day_s = first_day()
    owed, opened_s = await _last_evening(stage, room, day_s)
    await _holiday(stage, room, day_s)
    await _first_morning(stage, room, day_s, owed, _speed(SPEED if stage.whole else SHORT_SPEED, opened_s))


SCENE = Scene(
    "spring-festival",
    Text("春节返校", "back from Spring Festival"),
    Text(
        "断电三十五天，时钟走失，05:30 来电，06:20 全部开卖：先拿名单，欠的交清，报警至多一封",
        "35 days dark, dead clocks, power at 05:30, all sell at 06:20: hotlist first, what is owed drained, no flood",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
