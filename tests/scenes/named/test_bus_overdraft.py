"""A card that somebody has filled himself is spent on a bus and in a canteen; the bus comes home late with the proof.

Until then the sums of the card are whole, and nothing is overdrawn: the bus owes that. The finding refuses nobody: one
meal a period, from the next one on.
"""

from collections.abc import Callable

import pytest

from shared.fleet.document import DocumentKind
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.copies import Copy, Played, findings, found_ms, reconciled, used_ms
from tests.scenes.plans import BOX, command, in_plain
from tests.scenes.scene import Scene, Stage

pytestmark = [pytest.mark.process, pytest.mark.large]
LABEL, OVERDRAFT, CHAIN = "0003", 5, 6
FILLED_FEN, BUS_FEN = 30_000, 700
BOUND_S = 2.0


async def _play(stage: Stage) -> None:
    room = in_plain(stage.room(plans.ten_behind_a_switch))
    async with Campus(room, seed=17, tear=0.0) as campus:
        card = Copy(campus.data, LABEL)
        bus, canteen = Played(campus, BOX, "pos-11"), Played(campus, BOX, "pos-10")
        for n in range(1, 10):
            campus.plays(f"t-pos-{n}", ())
        bus.buys(card, BUS_FEN)
        canteen.buys(card, 10)
        opening_fen = card.balance_fen
        card.fill(FILLED_FEN)
        canteen.buys(card, opening_fen + 50)
        bus.buys(card, 10)
        card.keep()
        await campus.open()
        with stage.step(
            Text("食堂先到，车未回", "the canteen's are here, the bus is out"),
            Text("应存 + 迟到 + 不明 = 实有，尚无透支", "the sums are whole, and no overdraft yet"),
        ) as step:
            await canteen.tells()
            await campus.until("they are posted", lambda: campus.posted() >= 2)
            one = reconciled(campus, LABEL)
            (purse,) = one["purses"]
            step.seen = f"{purse['expected_fen']} + {purse['late_fen']} + {purse['unexplained_fen']}"
            whole = purse["expected_fen"] + purse["late_fen"] + purse["unexplained_fen"]
            assert (whole, one["closes"]) == (purse["known_fen"], False), one
            assert not found_ms(campus, OVERDRAFT)
        two_s = Text(f"≤ {BOUND_S:g} 秒", f"≤ {BOUND_S:g} s")
        with stage.step(Text("车回来了：透支成为发现", "the bus is home: the overdraft is found"), two_s) as step:
            await bus.tells()
            await campus.until("it is found", lambda: found_ms(campus, OVERDRAFT), 90.0)
            stage.at_most(step, (found_ms(campus, OVERDRAFT) - _posted_ms(campus)) / 1000, BOUND_S)
        with stage.step(Text("限餐名单到每台在线终端", "the list of capped cards at each terminal"), two_s) as step:
            at_ms = min(found_ms(campus, OVERDRAFT), found_ms(campus, CHAIN) or found_ms(campus, OVERDRAFT))
            await campus.until("each uses it", lambda: used_ms(campus, DocumentKind.CAPPED, at_ms, 9), 60.0)
            stage.at_most(step, (used_ms(campus, DocumentKind.CAPPED, at_ms, 9) - at_ms) / 1000, BOUND_S)
        with stage.step(
            Text("不拒卡，不列黑名单", "the card is refused nowhere"), Text("每餐限一份", "one meal a period")
        ):
            assert not campus.asked("SELECT 1 FROM hotlisted")
            found = findings(campus)
            assert {one["kind"] for one in found} <= {"overdraft", "chain"}, found
            assert all(one["caps"] and not one["refuses"] for one in found), found
            assert campus.facts("difference"), "no alarm's fact"
        with stage.step(
            Text("两人查明差异，限餐即止", "explained: the cap is over"), Text("名单为空，核对属实", "nobody is capped")
        ):
            for (number,) in campus.asked("SELECT id FROM difference WHERE state = 1"):
                words = ("--number", number, "--who", "李明", "--reason", "有人自行充值，已收卡")
                command("cloud", "differences", "explain", *words, "--data", campus.data)
            assert not any(one["acts"] for one in findings(campus))
            await campus.close_shop()


def _posted_ms(campus: Campus) -> int:
    """When the entry that made it was booked, or the wait for what terminals owed was over."""
    return int(campus.asked("SELECT MAX(booked_at_ms) FROM posting")[0][0])


SCENE = Scene(
    "bus-overdraft",
    Text("车回来晚了：卡透支", "an overdraft by a bus that came home late"),
    Text(
        "自行充值的卡在食堂与车上花掉：车回来后两秒内透支成为发现，只限餐不拒卡，说明后即止",
        "two seconds after the bus is home the overdraft is found; it caps, refuses nobody, is over when explained",
    ),
    _play,
)


def test_a_bus_comes_home_late_with_an_overdraft(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
