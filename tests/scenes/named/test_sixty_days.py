"""Terminals were away for sixty days: they catch up before they sell, a minute at most, and a flapping link stops none.

The campus has a life sixty days ago, by its clock, and one now; its terminals rest in between. Both that come back are
real processes: one over a good line, one over a line that loses every page of the hotlist, or breaks when one comes.
"""

import asyncio
import enum
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from edge.link.messages import Type
from edge.link.tcp.framing import FrameDecoder, encode
from edge.terminal.down.documents import CATCH_UP_S
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S
from shared.fleet.document import DocumentKind
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.plans import command, in_plain
from tests.scenes.relay import Hears, Relay
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
SPAN_S = 60 * DAY_S
LOST = ("0002", "0004")
"""Reported lost while they were away: two deeds, two hotlists, so that no delta brings a terminal to the newest."""
STILL, GOOD, AWAY = "t-pos-3", "t-pos-1", "t-pos-2"
MEAL_FEN, SNACK_FEN = 16_00, 50
"""Two of them are above the 30 yuan of a day that an old hotlist leaves."""
AT_S = 6
"""From its start until somebody comes: a terminal that is away sells at once, as it always does."""
CAUGHT_UP_S = 5.0
HURRY_S = 5.0
"""Beside CATCH_UP_S: from the end of waiting to a sale."""
REFUSED, OVER, PAID, NOTICE = "declined 黑名单卡", "declined 超当日限额", "done 成功", "notice "


class Line(enum.Enum):
    """What becomes of pages of documents on it."""

    LOSES = "loses"
    BREAKS = "breaks"
    GOOD = "good"


class Bad(Relay):
    """heads_s: when a document was offered through it; breaks: how often it broke."""

    def __init__(self, port: int) -> None:
        super().__init__(port, self._watch)
        self.line = Line.LOSES
        self.breaks = 0
        self.heads_s: list[float] = []

    def _watch(self) -> tuple[Hears, Hears]:
        down = FrameDecoder()

        def comes_down(data: bytes) -> bytes | None:
            messages = list(down.feed(data))
            if any(message[0] == Type.DOCUMENT_HEAD for message in messages):
                self.heads_s.append(time.time())
            if self.line is Line.GOOD:
                return None
            kept = [message for message in messages if message[0] != Type.DOCUMENT_PAGE]
            if self.line is Line.BREAKS and len(kept) < len(messages):
                self.breaks += 1
                raise ConnectionResetError("a page")
            return b"".join(map(encode, kept))

        return (lambda _: None), comes_down


def people(*cards: str) -> Iterator[dict[str, Any]]:
    """One a second, by turns, from AT_S on."""
    from_s = WALL.at(time.time()) + AT_S
    return ({"card": cards[s % len(cards)], "amount_fen": MEAL_FEN, "at": from_s + s} for s in range(300))


def slow_people() -> Iterator[dict[str, Any]]:
    """One each third second, for little; every fourth is the same one, with a meal."""
    from_s = WALL.at(time.time()) + AT_S
    for n in range(100):
        card, fen = ("0016", MEAL_FEN) if n % 4 == 3 else (f"{8 + 4 * (n % 2):04d}", SNACK_FEN)
        yield {"card": card, "amount_fen": fen, "at": from_s + 3 * n}


async def _first_life(room: Path) -> None:
    """Sixty days ago: everybody sells, and uses the hotlist of then."""
    then = f"{WALL.at(time.time()) - SPAN_S}:{time.time()}:1"
    async with Campus(room, seed=81, tear=0.0, clock=then) as campus:
        await campus.open()
        await campus.until_shown(6)
        await campus.until("the hotlist of then is in use", lambda: len(using(campus)) == len(campus.bodies))
        await campus.close_shop()


def using(campus: Campus) -> dict[str, int]:
    """Terminal → the hotlist that it says it uses."""
    sql = (
        "SELECT d.name, r.generation FROM document_reported r JOIN device d ON d.device = r.device "
        "WHERE r.kind = ? AND r.generation > 0"
    )
    return {f"t-{name}": generation for name, generation in campus.asked(sql, int(DocumentKind.HOTLIST))}


async def _play(stage: Stage) -> None:
    room = in_plain(stage.room(plans.on_tcp, days_old=90))
    with stage.step(Text("六十天前", "sixty days ago"), Text("各台在用当时的名单", "each uses the hotlist of then")):
        await _first_life(room)
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(room, seed=82))
        (port,) = campus.where.ports.values()
        line = await stack.enter_async_context(Bad(port))
        campus.reach(AWAY, port, line.port)
        campus.plays(STILL, people("0010"))
        await campus.open(GOOD, AWAY)
        newest = await _lost(campus)
        await _good(stage, campus, newest)
        await _bad(stage, campus, line, newest)
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")):
            await campus.close_shop()
            require_truth(campus)


async def _lost(campus: Campus) -> int:
    """One card after the other; the hotlist that names both, as it is used where somebody was on line."""
    await campus.until("it has joined", lambda: campus.status(STILL).get("joins"))
    for label in LOST:
        before = using(campus)[STILL]
        words = (label, "--who", "王芳", "--data", campus.data)
        await asyncio.to_thread(command, "cloud", "card", "report-lost", *words)
        await campus.until("the next hotlist counts", lambda: using(campus)[STILL] > before)  # noqa: B023  # awaited here
    return using(campus)[STILL]


async def _good(stage: Stage, campus: Campus, newest: int) -> None:
    campus.plays(GOOD, people(*LOST, "0006"))
    quick = Text(f"先追上名单，≤ {CAUGHT_UP_S:g} 秒", f"the hotlist first, ≤ {CAUGHT_UP_S:g} s")
    with stage.step(Text("好线路上回来一台", "one comes back over a good line"), quick) as step:
        began_s = time.time()
        await campus.start(GOOD)
        await campus.until("it has caught up", lambda: using(campus)[GOOD] >= newest)
        stage.at_most(step, time.time() - began_s, CAUGHT_UP_S)
    with stage.step(
        Text("第一位就是挂失的卡", "its first customer has a lost card"),
        Text("拒收，下一位照卖", "refused, the next is sold to"),
    ) as step:
        await campus.until("somebody is sold to", lambda: _times(campus, GOOD, PAID))
        faces = [text for _, text in campus.displays[GOOD] if not text.startswith(NOTICE)][:3]
        step.seen = " · ".join(face.partition(" / ")[0] for face in faces)
        assert [text.startswith(REFUSED) for text in faces] == [True, True, False], "not so"


async def _bad(stage: Stage, campus: Campus, line: Bad, newest: int) -> None:
    campus.plays(AWAY, slow_people())
    minute = Text(f"≤ {CATCH_UP_S:g} 秒后照卖", f"it sells after ≤ {CATCH_UP_S:g} s")
    with stage.step(Text("名单页总是丢的线路", "a line that loses every page"), minute) as step:
        await campus.start(AWAY)
        await campus.until_status("it waits for its hotlist", AWAY, lambda said: said["why"] == "catching-up")
        await campus.until("it sells", lambda: _times(campus, AWAY, PAID), CATCH_UP_S + 30)
        sold_s = next(at for at, text in campus.displays[AWAY] if text.startswith(PAID))
        stage.at_most(step, sold_s - line.heads_s[0], CATCH_UP_S + HURRY_S)
        assert using(campus)[AWAY] < newest, "the line was good"
    with stage.step(Text("名单老了，限额收紧", "an old hotlist, a tighter cap"), Text("每日 ¥30.00", "¥30.00 a day")):
        await campus.until("it refuses a second meal of 16 yuan", lambda: _times(campus, AWAY, OVER))
    line.line = Line.BREAKS
    await line.cut()
    with stage.step(
        Text("一来名单页就断的线路", "a line that breaks at each page"), Text("不停卖", "it sells on")
    ) as step:
        goal = _times(campus, AWAY, PAID) + 3
        await campus.until("it sells on", lambda: _times(campus, AWAY, PAID) >= goal and line.breaks)
        step.seen = Text(f"断了 {line.breaks} 次", f"{line.breaks} breaks")
        assert using(campus)[AWAY] < newest, "the line was good"
    line.line = Line.GOOD
    with stage.step(Text("线路好了", "the line is good"), Text("追上名单", "it catches up")):
        await campus.until("it has caught up", lambda: using(campus)[AWAY] >= newest, 60.0)


def _times(campus: Campus, name: str, face: str) -> int:
    return sum(text.startswith(face) for _, text in campus.displays.get(name, ()))


SCENE = Scene(
    "sixty-days",
    Text("离网六十天", "sixty days away"),
    Text(
        "六十天前的名单：回来先追上再卖，至多等一分钟；线路时断时续也不停卖，只按旧名单的限额",
        "a hotlist of sixty days ago: it catches up before it sells, a minute at most; a flapping line stops no till",
    ),
    _play,
)


def test_who_was_away_for_sixty_days_catches_up_and_sells(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
