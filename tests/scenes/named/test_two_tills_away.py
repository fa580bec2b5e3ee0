"""A lost card with 200 yuan, a cap of 30, two tills away: 140 are usable at once, then 170, then all of it."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from shared.clocks.campus_clock import parse_clock
from shared.money import yuan
from shared.wire.fleet_lane import Verdict
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.office import BEFORE_S, TILLS, Office, before_lunch, explained
from tests.scenes.plans import LOST_FEN, STRANGER, TO_BE_LOST, command, run
from tests.scenes.relay import Relay
from tests.scenes.scene import Scene, Stage, Step
from tests.scenes.truth import require_posted

pytestmark = [pytest.mark.process, pytest.mark.large]
AWAY = ("pos-1", "pos-2")
CAP_FEN, MEAL_FEN = 30_00, 16_00
FOUND_S = range(BEFORE_S + 30, BEFORE_S + 36)
"""When somebody who has found the card eats with it where nobody can know: twice, if he is let."""
MEALS_S = 1200
"""So long people come: longer than the scene on a busy machine, which closes its shop before."""
EACH_S = 3
OVER = "declined 超当日限额"


def people(till: int, from_s: int) -> Iterator[dict[str, Any]]:
    """Others, and at the first till, once lunch is under way, the lost card."""
    for s in range(0, MEALS_S, EACH_S):
        yield {"card": f"{2 * till:04d}", "amount_fen": 10, "at": from_s + s}
        if till == 1 and s in FOUND_S:
            yield {"card": TO_BE_LOST, "amount_fen": MEAL_FEN, "at": from_s + s}


class Desk:
    """The card desk, and what the ledger says of the lost card."""

    def __init__(self, campus: Campus) -> None:
        self._campus = campus
        self._where = ("--data", campus.data)

    async def do(self, verb: str, *words: str, code: int = 0) -> str:
        """A verb of the desk; 1: something is left."""
        return await asyncio.to_thread(
            command, "edge.desk", verb, *self._where, "--label", TO_BE_LOST, *words, code=code
        )

    async def until_waits_for(self, *tills: str) -> None:
        """The balance waits for exactly these."""
        until = f"it waits for {tills}"
        for _ in range(60):
            said = await asyncio.to_thread(self._said)
            if sorted(one["terminal"] for one in said["waiting"]) == sorted(tills):
                return
            await asyncio.sleep(0.5)
        raise AssertionError(f"{until}: {said}")

    async def usable_fen(self) -> int:
        """What of its purse has gone to the new card's holder."""
        said = await asyncio.to_thread(self._said)
        return LOST_FEN - int(said["left_fen"])

    def _said(self) -> dict[str, Any]:
        done = run("cloud", "lost", "explain", "--card", TO_BE_LOST, *self._where, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads(done.stdout))


async def _require(desk: Desk, step: Step, wanted_fen: int) -> None:
    fen = await desk.usable_fen()
    step.seen = f"¥{yuan(fen)}"
    assert fen == wanted_fen, f"not ¥{yuan(wanted_fen)}"


async def _play(stage: Stage) -> None:
    clock = before_lunch()
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(stage.room(plans.with_a_desk), seed=61, clock=clock))
        command("cloud", "cashier", "--data", campus.data, "--name", "王芳")
        (port,) = campus.where.ports.values()
        lines = {name: await stack.enter_async_context(Relay(port)) for name in AWAY}
        from_s = parse_clock(clock).at(time.time())
        for n in (1, 2, 3):
            campus.plays(f"t-pos-{n}", people(n, from_s))
        for name, line in lines.items():
            campus.reach(f"t-{name}", port, line.port)
        await campus.open()
        await _cap(stage, campus)
        for line in lines.values():
            line.swallowing = True
            await line.cut()
        desk = Desk(campus)
        with stage.step(
            Text("两台断线，照卖", "two tills are cut off, and sell"), Text("余款只等这两台", "it waits for these two")
        ):
            await asyncio.gather(*(campus.until_shown(2, f"t-{name}") for name in AWAY))
            await desk.do("lost")
            await desk.until_waits_for(*AWAY)
        with stage.step(
            Text("补卡，200 元里当场可用", "a new card: of 200 yuan at once"), Text("¥140.00", "¥140.00")
        ) as step:
            await desk.do("reissue", "--new", STRANGER)
            await _require(desk, step, LOST_FEN - 2 * CAP_FEN)
        held = Text("一餐 ¥16.00，第二餐超限", "one meal of ¥16.00, no second one")
        with stage.step(Text("断线的一台还收了这张卡", "one that is away still takes the card"), held):
            await campus.until("its cap holds", lambda: _is_over(campus), 2 * BEFORE_S)
        with stage.step(Text("一台报到", "one till reports"), Text("¥170.00", "¥170.00")) as step:
            await _back(lines["pos-1"])
            await desk.until_waits_for("pos-2")
            await campus.until("the school bears it", lambda: campus.asked("SELECT 1 FROM loss"))
            assert await explained(campus, "断线") == MEAL_FEN, "not what it took"
            await desk.do("release", code=1)
            await _require(desk, step, LOST_FEN - CAP_FEN)
        with stage.step(Text("另一台报到", "the other one reports"), Text("¥200.00", "¥200.00")) as step:
            await _back(lines["pos-2"])
            await desk.until_waits_for()
            await desk.do("release")
            await _require(desk, step, LOST_FEN)
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")):
            await campus.close_shop()
            require_posted(campus)


async def _cap(stage: Stage, campus: Campus) -> None:
    """Pushed in the morning, and in use at lunch."""
    office, tills = Office(campus, "day"), {bytes(device) for _, device in campus.asked(TILLS)}
    with stage.step(
        Text("每日限额 30 元，午餐起", "a cap of 30 yuan a day, from lunch on"), Text("各台在用", "in use at each")
    ):
        await asyncio.to_thread(office.push, yuan(CAP_FEN))
        await campus.until("it counts", lambda: office.are(Verdict.IN_USE, 1, tills), 2 * BEFORE_S)


def _is_over(campus: Campus) -> bool:
    return any(text.startswith(OVER) for _, text in campus.displays.get(f"t-{AWAY[0]}", ()))


async def _back(line: Relay) -> None:
    line.swallowing = False
    await line.cut()


SCENE = Scene(
    "two-tills-away",
    Text("丢卡时两台断线", "a lost card with two tills away"),
    Text(
        "卡内 200 元，每日限额 30 元，两台终端断线：补卡当场可用 140 元，一台报到后 170 元，都报到后 200 元",
        "200 yuan on it, a cap of 30 yuan a day, two tills away: 140 usable at once, 170 when one reports, then all",
    ),
    _play,
)


def test_of_a_lost_card_all_but_the_caps_of_who_is_away_is_usable_at_once(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
