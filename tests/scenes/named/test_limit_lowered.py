"""The knob of limit control at noon: one number for every card and day, said by two persons, in use when lunch begins,
nobody below a meal; and it ends by itself, when the ledger's clock has come to its day.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import pairwise

import pytest

from cloud.ledger.ledger import open_ledger
from cloud.ledger.read.reader import Reader
from cloud.parameters.floor import ONE_MEAL_FEN, of_a_meal
from shared import records
from shared.clocks.clock import DAY_S
from shared.records import PROVEN, PurchaseRecord, parse_stored
from shared.wire.fleet_lane import Verdict
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.office import PURCHASES, SHORTLY_S, TILLS, Office, before_lunch, in_the_morning
from tests.scenes.plans import run
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
MOST_YUAN, MOST_FEN = "40.00", 40_00
WORDS = ("--all", "--who", "王芳", "--reason", "欠交增多", "--days", "1")
ENDED_S = 60.0


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.on_tcp), seed=33, rate=0.4, tear=0.0, clock=in_the_morning()) as campus:
        await campus.open()
        office = Office(campus, limit="day")
        tills = {name: bytes(device) for name, device in campus.asked(TILLS)}
        await asyncio.to_thread(office.push, "100.00")
        await campus.until("the first is stored", lambda: office.are(Verdict.STORED, 1, {*tills.values()}))
        told = Text("拒绝，什么也没变", "refused, nothing is changed")
        with stage.step(Text("调到低于一餐", "the knob is turned below a meal"), told):
            below = ("cloud", "parameters", "lower", "--yuan", "14.00", *WORDS, "--data", campus.data)
            refused = await asyncio.to_thread(run, *map(str, below))
            assert refused.returncode == 2, refused.stdout
            assert len((await asyncio.to_thread(office.say, "history"))["pushes"]) == 1
        told = Text("先说会拒绝多少，第二人确认才下发", "first what it would have refused, then a second person")
        with stage.step(Text("每卡每日至多 ¥40", "¥40 a card and day"), told) as step:
            asked = await asyncio.to_thread(office.say, "lower", "--yuan", MOST_YUAN, *WORDS)
            step.seen = Text(f"上周会拒 {len(asked['refused'])} 组", f"{len(asked['refused'])} groups of last week")
            await asyncio.to_thread(office.say, "confirm", "--proposal", str(asked["proposal"]), "--who", "李明")
            await campus.until("the second is stored", lambda: office.are(Verdict.STORED, 2, {*tills.values()}))
        with stage.step(Text("午餐开始生效", "in use when lunch begins"), Text("每台第 2 版", "2 at each")):
            await campus.again_at(before_lunch(SHORTLY_S))
            await campus.until("it counts", lambda: office.are(Verdict.IN_USE, 2, {*tills.values()}))
        told = Text("每卡当日不再超过 ¥40，一餐都在", "nobody above ¥40 of the day, a meal left to all")
        with stage.step(Text("午餐", "lunch is sold"), told) as step:
            await campus.until_shown(3)
            await campus.close_shop()
            step.seen = _require_kept(campus)
            _require_a_meal(campus, [*tills.values()])
        told = Text("第 3 版如从前，不用人", "generation 3 says what was before, by itself")
        with stage.step(Text("一天以后", "a day later by the ledger's clock"), told):
            await campus.stop("ingest")
            campus.parts["ingest"] = replace(campus.parts["ingest"], argv=_a_day_later(campus))
            await campus.start("ingest")
            await campus.until("all have the former limits", lambda: _has_ended(office, tills), ENDED_S)
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")):
            require_truth(campus)


def _a_day_later(campus: Campus) -> tuple[str, ...]:
    words = campus.parts["ingest"].argv
    return tuple(_later(word) if former == "--clock" else word for former, word in pairwise(("", *words)))


def _later(clock: str) -> str:
    t0, rest = clock.split(":", 1)
    return f"{int(t0) + DAY_S + 60}:{rest}"


def _has_ended(office: Office, tills: dict[str, bytes]) -> bool:
    return office.are(Verdict.STORED, 3, {*tills.values()})


def _require_kept(campus: Campus) -> Text:
    """A card that was sold to under generation 2 has not more than the knob's sum of the day behind it."""
    days: Counter[bytes] = Counter()
    count = 0
    stored = [parse_stored(bytes(raw)) for (raw,) in campus.asked(PURCHASES)]
    bought = [r for r in (records.decode(one.wire) for one in stored) if isinstance(r, PurchaseRecord)]
    for one in sorted((r for r in bought if r.kind in PROVEN), key=lambda r: (r.card, r.counter)):
        days[one.card] += one.amount_fen
        if one.parameter_version == 2:
            count += 1
            assert days[one.card] <= MOST_FEN, (one, days[one.card])
    assert count, "nothing was sold under the lowered limit"
    return Text(f"{count} 笔", f"{count} sales")


def _require_a_meal(campus: Campus, tills: list[bytes]) -> None:
    with closing(open_ledger(str(campus.data / "cloud" / "ledger.db"))) as ledger:
        reader = Reader(ledger.database)
        bodies = [reader.fleet.parameters_made(device, 2) for device in tills]
    for body in bodies:
        assert body is not None
        for card_class in {row.card_class for row in body.limits}:
            for meal in (0, *(row.meal for row in body.meals)):
                assert of_a_meal(body.limits_of(card_class, meal)) >= ONE_MEAL_FEN, body


SCENE = Scene(
    "limit-lowered",
    Text("中午调低限额", "limits are lowered at noon"),
    Text(
        "一个数：低于一餐被拒，两人才行，午餐开始才用，人人够一餐，到期自己恢复",
        "one number: refused below a meal, said by two, in use at lunch, a meal left to all, and it ends by itself",
    ),
    _play,
)


def test_limits_are_lowered_at_noon(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
