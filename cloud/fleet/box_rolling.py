"""Roll-outs of boxes' releases that somebody makes, by command and on the console: of what, to whom, back to what.

No key is needed: a box believes the officers alone, and asks what it should run with each word of its own.
"""

from collections.abc import Iterable, Sequence

from cloud.fleet.rolling import (
    TO_TAKE_BACK,
    TO_TRY_AGAIN,
    RolloutAsked,
    in_turn,
    no_way_back,
    nobody_left,
    to_try_again,
)
from cloud.ledger.fleet.boxes.door import DONE, BoxesView, BoxLedger, BoxRolloutView, way_back
from cloud.ledger.fleet.boxes.rows import BoxRelease
from cloud.ledger.fleet.firmware.state import Phase, TerminalState, waves_of
from cloud.ledger.records.values import Now
from shared.errors import ConfigFault
from shared.fleet.box_release import MACHINES
from shared.words.voice import Text

_BACK = (*DONE, TerminalState.SILENT, TerminalState.STOPPED)
"""Of a roll-out that is taken back: whoever uses it, or may come to use it unheard."""
GOES_ON = (Phase.DUE, Phase.OPEN, Phase.PAUSED)
"""Where a roll-out stands that can be stopped."""


def release_named(found: BoxesView, named: str) -> BoxRelease:
    """'aarch64:3', or '3' where one processor alone has it. ConfigFault."""
    there = [one for one in found.releases if named in (one.text, str(one.number))]
    if len(there) != 1:
        raise ConfigFault(
            Text(f"应为一个已入库的网关发行：{named[:20]}", f"which box release? {named[:20]} names {len(there)}")
        )
    return there[0]


def rollout_numbered(found: BoxesView, number: int) -> BoxRolloutView:
    """0: the newest. ConfigFault."""
    there = [one for one in found.rollouts if number in (0, one.rollout.number)]
    if not there:
        raise ConfigFault(Text(f"没有升级 {number or ''}", f"there is no roll-out {number or ''}"))
    return there[-1]


def boxes_in_turn(one: BoxRelease, boxes: Iterable[str]) -> list[str]:
    """All of them, as waves take them."""
    return [box.decode() for box in in_turn(one.digest, (box.encode() for box in boxes))]


def boxes_to_take_back(one: BoxRolloutView) -> list[str]:
    """Whom a roll-back is for."""
    return [row.box for row in one.there if row.row.state in _BACK or row.row.state.is_out]


def boxes_to_try_again(one: BoxRolloutView) -> list[str]:
    """Whom a retry is for; a box that went back takes those bytes never again."""
    return [box.decode() for box in to_try_again(row.row for row in one.there)]


class BoxRollouts:
    """Over the ledger's door for boxes. made_ms and the number are the ledger's."""

    def __init__(self, ledger: BoxLedger) -> None:
        self._ledger = ledger

    def make(
        self,
        one: BoxRelease,
        boxes: Sequence[str],
        asked: RolloutAsked,
        now: Now,
        *,
        returns: int = 0,
        retries: int = 0,
    ) -> int:
        """Its number; its first wave has begun. ConfigFault: nothing has."""
        rollout = asked.rollout(MACHINES.index(one.machine), one.number, returns=returns, retries=retries)
        waves = waves_of([box.encode() for box in boxes], asked.canary, asked.waves)
        named = {box.decode(): wave for box, wave in waves.items()}
        return self._ledger.make(rollout, named, now, at_once=asked.at_once)

    def take_back(self, found: BoxesView, number: int, named: str, asked: RolloutAsked, now: Now) -> int:
        """Stopped if it was not, and the archive of before, which the officers signed under a higher number, goes to
        whoever uses its release, or may. named: that archive; empty: the newest. ConfigFault: they signed none."""
        one = rollout_numbered(found, number)
        back, boxes = box_way_back(found, one, named), boxes_to_take_back(one)
        if not boxes:
            raise nobody_left(number, TO_TAKE_BACK)
        if one.phase in GOES_ON:
            self._ledger.stop(number, asked.who, asked.reason, now)
        return self.make(back, boxes, asked, now, returns=number)

    def try_again(self, found: BoxesView, number: int, asked: RolloutAsked, now: Now) -> int:
        """A new one for whoever failed or was left out. ConfigFault."""
        one = rollout_numbered(found, number)
        boxes = boxes_to_try_again(one)
        if not boxes:
            raise nobody_left(number, TO_TRY_AGAIN)
        again = release_named(found, f"{MACHINES[one.rollout.model]}:{one.rollout.release}")
        return self.make(again, boxes, asked, now, retries=number)


def box_way_back(found: BoxesView, one: BoxRolloutView, named: str = "") -> BoxRelease:
    """What a roll-out is taken back to. ConfigFault: the officers have signed none."""
    machine, number = MACHINES[one.rollout.model], one.rollout.release
    back = release_named(found, named) if named else way_back(found.releases, machine, number)
    if back is None or back.number <= number or back.machine != machine:
        raise no_way_back(one.rollout, "firmware sign-box")
    return back
