"""A card is reported lost at lunch: each till of a canteen refuses it in two seconds, loads too; undone as fast."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edge.terminal.station.shown import read_shown
from shared.clocks.campus_clock import WALL
from shared.fleet.document import DocumentKind
from shared.ids import card_id
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.plans import run
from tests.scenes.scene import Scene, Stage, Step
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
LOST = "0002"
"""A card with much in it, which is at every till by turns."""
ITS_FEN, MEAL_FEN, LOAD_FEN = 10, 300, 100
LUNCH_S = 1200
"""So long there are people: longer than the scene on a busy machine, which closes its shop before."""
LEAD_S = 10
"""From the making of the scripts to the first tap: nobody runs behind his script."""
BOUND_S = 2.0
REFUSED, PAID, LOADED = "declined 黑名单卡", "done 成功", "loaded "
WHO = ("--who", "王芳")


def lunch(till: int, from_s: int) -> Iterator[dict[str, Any]]:
    """Somebody else each second; the lost card each other second, at four tills of eight at a time."""
    for s in range(LUNCH_S):
        yield {"card": f"{2 * till + 2:04d}", "amount_fen": MEAL_FEN, "at": from_s + s}
        if (s + till) % 2:
            yield {"card": LOST, "amount_fen": ITS_FEN, "at": from_s + s}


def loads(from_s: int) -> Iterator[dict[str, Any]]:
    """The lost card at the load machine, each third second."""
    return ({"card": LOST, "amount_fen": LOAD_FEN, "at": from_s + s} for s in range(0, LUNCH_S, 3))


class Card:
    """The card that is lost, as the office, the displays and the ledger know it."""

    def __init__(self, campus: Campus) -> None:
        self._campus = campus
        ((card,),) = campus.asked("SELECT card FROM card WHERE label = ?", LOST)
        self._card = bytes(card)

    def say(self, step: str) -> dict[str, Any]:
        """As a person types it; it waits until each terminal that is heard has answered."""
        done = run("cloud", "card", step, LOST, *WHO, "--wait", "100", "--data", self._campus.data, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads(done.stdout))

    def is_used_by_all(self, generation: int) -> bool:
        """Has every terminal said that it uses this hotlist, or a later one?"""
        said = [one for one, _ in self._words() if one >= generation]
        return len(said) == len(self._campus.bodies)

    def took_s(self) -> float:
        """From the deed in the books to the last terminal's word that it uses the hotlist that it uses."""
        return max(since_ms for _, since_ms in self._words()) / 1000 - self.deed_s()

    def _words(self) -> list[tuple[int, int]]:
        sql = "SELECT generation, since_ms FROM document_reported WHERE kind = ?"
        return [(generation, since_ms) for generation, since_ms in self._campus.asked(sql, int(DocumentKind.HOTLIST))]

    def deed_s(self) -> float:
        """When the newest deed was done."""
        return float(self._campus.asked("SELECT MAX(at_ms) FROM card_deed WHERE card = ?", self._card)[0][0]) / 1000

    def shown_after(self, unix_s: float, terminal: str = "*") -> int:
        """Successes of this card after the second of that moment, at one terminal or at all."""
        logs = (self._campus.data / "terminals").glob(f"{terminal}/shown.log")
        lines = [line for log in logs for line in read_shown(log)]
        mine = (line for line in lines if card_id(bytes.fromhex(str(line["card"]))) == self._card)
        return sum(int(line["time"]) > WALL.at(unix_s) for line in mine)


async def at_each(campus: Campus, face: str, since_s: float, names: list[str]) -> float:
    """Each of these displays has shown this since then: when the last of them did for the first time."""

    def firsts() -> list[float]:
        shown = ((at for at, text in campus.displays.get(name, ()) if text.startswith(face)) for name in names)
        return [next((at for at in times if at >= since_s), 0.0) for times in shown]

    await campus.until(f"{face} at each", lambda: all(firsts()))
    return max(firsts())


async def _spread(stage: Stage, step: Step, campus: Campus, card: Card, deed: str) -> float:
    """The deed is typed; when it stands in the books."""
    said = await asyncio.to_thread(card.say, deed)
    await campus.until("each uses it", lambda: card.is_used_by_all(said["generation"]))
    stage.at_most(step, card.took_s(), BOUND_S)
    return card.deed_s()


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.canteen_on_can), seed=51) as campus:
        tills = [f"t-pos-{n}" for n in range(1, 9)]
        from_s = WALL.at(time.time()) + LEAD_S
        for n, name in enumerate(tills, 1):
            campus.plays(name, lunch(n, from_s))
        campus.plays("t-load-1", loads(from_s))
        await campus.open()
        card = Card(campus)
        with stage.step(
            Text("八台都收这张卡", "all eight take the card"),
            Text("各有成功，圈存也成，名单在用", "paid and loaded, under a hotlist"),
        ):
            await at_each(campus, PAID, time.time() - LEAD_S, tills)
            await campus.until("it is loaded", lambda: campus.status("t-load-1").get("loads"))
            await campus.until("each has a hotlist", lambda: card.is_used_by_all(1), 60.0)
        two_s = Text(f"≤ {BOUND_S:g} 秒", f"≤ {BOUND_S:g} s")
        with stage.step(Text("挂失：名单在八台与圈存机生效", "lost: the list counts at all nine"), two_s) as step:
            lost_s = await _spread(stage, step, campus, card, "report-lost")
        with stage.step(
            Text("亲眼看到每台拒收", "every till is seen to refuse it"), Text("黑名单卡，圈存也拒", "also the loads")
        ) as step:
            last_s = await at_each(campus, REFUSED, lost_s, [*tills, "t-load-1"])
            step.seen = Text(f"末台在 {last_s - lost_s:.1f} 秒", f"the last one at {last_s - lost_s:.1f} s")
        with stage.step(Text("两秒以后的成功", "successes after two seconds"), Text("0 笔", "none")) as step:
            late = card.shown_after(lost_s + BOUND_S * stage.slow)
            step.seen = Text(f"{late} 笔", str(late))
            assert not late
        with stage.step(Text("解挂：各台一样快", "found again: as fast"), two_s) as step:
            found_s = await _spread(stage, step, campus, card, "cancel-report")
        with stage.step(Text("各台又收", "every till takes it again"), Text("各有成功", "a success at each")):
            await campus.until("each took it", lambda: _is_taken_everywhere(campus, card, found_s, tills))
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")) as step:
            await campus.close_shop()
            view = require_truth(campus)
            step.seen = Text(f"{view.posted} 笔入账", f"{view.posted} posted")


def _is_taken_everywhere(campus: Campus, card: Card, since_s: float, tills: list[str]) -> bool:
    """By their shown logs: a display does not say which card."""
    return all(card.shown_after(since_s, name.removeprefix("t-")) for name in tills)


SCENE = Scene(
    "card-lost",
    Text("午餐时挂失", "a card is lost at lunch"),
    Text(
        "CAN 上八台消费机正卖着，一张卡挂失：两秒内每台拒收，圈存也拒；解挂一样快，账目属实",
        "eight tills on CAN sell, a card is reported lost: refused at each in two seconds, loads too; undone as fast",
    ),
    _play,
)


def test_a_card_that_is_lost_at_lunch_is_refused_everywhere(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
