"""A load with the network failing at one step: a message lost, late or twice, a box or the ingest gone, no keys.

Steps are where a load's messages pass the broker, where the key process is asked, and every commit of the ledger. Each
run ends in the questions of tests.torn.play, and in one more: no load is left half.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import product
from typing import Any

from cloud.keys.faults import KeyProcessAway
from shared.errors import WireFault
from shared.purse.load_auth import LoadAuth
from shared.wire.messages import OnlineAnswer, OnlineRequest, RecordCopy, decode_now_down, decode_now_up
from shared.wire.topics import DOWN_MONEY, DOWN_NOW, UP_MONEY, UP_NOW
from tests.sim.disk import PowerCut
from tests.sim.ingest_part import IngestPart, KeysHere
from tests.sim.ledgers import GRANT_FEN
from tests.sim.world import Violation
from tests.torn.cut import Cut
from tests.torn.play import Aftermath, Play, Scenario

LATE_S = 9.0
"""Longer than a terminal waits for its answer."""


class At(StrEnum):
    """A step of a load beyond its terminal."""

    REQUEST = "request"
    ANSWER = "answer"
    COPY = "copy of the record"
    RECORD = "record"
    ACK = "ledger ack"
    MAC1 = "key process: MAC1"
    MAC2 = "key process: MAC2"
    TAC = "key process: TAC"
    COMMIT = "commit of the ledger"


class Fault(StrEnum):
    """What goes wrong there."""

    LOST = "lost once"
    GONE = "lost until the holder comes back"
    LATE = "late"
    TWICE = "twice"
    TWICE_LATE = "once more, late"
    BOX = "box restarted"
    INGEST = "ingest restarted"
    BROKER = "broker forgets"
    BEFORE = "ingest killed before"
    AFTER = "ingest killed after"


MESSAGES = (At.REQUEST, At.ANSWER, At.COPY, At.RECORD, At.ACK)
ON_MESSAGES = tuple(one for one in Fault if one not in (Fault.BEFORE, Fault.AFTER))
KEYS = (At.MAC1, At.MAC2, At.TAC)


@dataclass(slots=True)
class Outage:
    """One of them. number: of the commit. passed: how often its step was passed while it was armed."""

    at: At
    fault: Fault
    number: int = 1
    armed: bool = False
    passed: int = 0
    names: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        place = f" {self.number}" if self.at is At.COMMIT else ""
        return f"{self.at}{place} {self.fault}"

    def strikes(self, at: At) -> bool:
        """Passes a step: does it go wrong here?"""
        if not self.armed or at is not self.at:
            return False
        self.passed += 1
        return self.passed == self.number or self.fault is Fault.GONE


class OutageIngest(IngestPart):
    """With keys that may be away and commits at which the power may go."""

    outage = Outage(At.COMMIT, Fault.BEFORE, 0)

    def suffer(self, outage: Outage) -> None:
        """From the next start on."""
        self.outage = outage
        self.keys = _Keys(self.keys, outage)

    def _chores(self, life: int) -> None:
        armed, self.outage.armed = self.outage.armed, False  # their commits are no step of a load
        super()._chores(life)
        self.outage.armed = armed

    def _at(self, point: str) -> None:
        super()._at(point)
        if point == "ledger.before_commit" and self.outage.strikes(At.COMMIT):
            if self.outage.fault is Fault.BEFORE:
                raise PowerCut
            self.outage.number = -1
        elif point == "ledger.after_commit" and self.outage.number == -1:
            self.outage.number = 0
            raise PowerCut


class _Keys(KeysHere):
    """The key process, away when its question is the one."""

    def __init__(self, keys: KeysHere, outage: Outage) -> None:
        super().__init__(keys._operations, keys._world, keys._faults)
        self._outage = outage

    def check_tac(self, items: bytes) -> bytes:
        self._away(At.TAC)
        return super().check_tac(items)

    def load_check(self, auth: LoadAuth) -> bool:
        self._away(At.MAC1)
        return super().load_check(auth)

    def load_mac2(self, auth: LoadAuth, time_s: int) -> bytes:
        self._away(At.MAC2)
        return super().load_mac2(auth, time_s)

    def _away(self, at: At) -> None:
        if self._outage.strikes(at):
            raise KeyProcessAway(f"away: {at}")


class OutagePlay(Play):
    """One load, one outage, one aftermath."""

    def __init__(self, scenario: Scenario, outage: Outage, aftermath: Aftermath) -> None:
        super().__init__(scenario, Cut(), aftermath, ingest=OutageIngest)
        self.outage = outage
        ingest, broker = self.campus.ingest, self.campus.broker
        if not isinstance(ingest, OutageIngest):
            raise TypeError("this ingest knows no outages")
        ingest.suffer(outage)
        self._publish = broker.publish
        broker.publish = self._pass  # type: ignore[method-assign]  # every message passes here

    def _arm(self) -> None:
        self.outage.armed = True

    def _go_on(self, told: int) -> None:
        self.outage.armed = False
        super()._go_on(told)

    def _pass(self, topic: str, lane: str, payload: bytes) -> None:
        at = _step_of(lane, payload)
        go = partial(self._publish, topic, lane, payload)
        if at is None or not self.outage.strikes(at):
            go()
            return
        self.world.note("outage", str(self.outage))
        self._strike(go)

    def _strike(self, go: Any) -> None:
        world, campus = self.world, self.campus
        match self.outage.fault:
            case Fault.LATE:
                world.after(LATE_S, go)
            case Fault.TWICE | Fault.TWICE_LATE:
                go()
                world.after(LATE_S if self.outage.fault is Fault.TWICE_LATE else 0.0, go)
            case Fault.BOX:
                go()
                box = next(one for one in campus.edges if one.name == self.terminal.made.box)
                world.after(0.0, box.kill)
            case Fault.INGEST:
                go()
                world.after(0.0, campus.ingest.kill)
            case Fault.BROKER:
                world.after(0.0, partial(campus.nemesis.restart_broker, forget=True))


def _step_of(lane: str, payload: bytes) -> At | None:
    try:
        if lane == UP_NOW:
            said: object = decode_now_up(payload)
        elif lane == DOWN_NOW:
            said = decode_now_down(payload)
        else:
            return {UP_MONEY: At.RECORD, DOWN_MONEY: At.ACK}.get(lane)
    except WireFault:
        return None
    return {OnlineRequest: At.REQUEST, OnlineAnswer: At.ANSWER, RecordCopy: At.COPY}.get(type(said))


# --- all of them --------------------------------------------------------------------------------------------------

MACHINE = Scenario("load-away", "load-1", "load", 5000)
CLAIM = Scenario("claim-away", "pos-5", "claim", GRANT_FEN)
BY_NAME = {one.name: one for one in (MACHINE, CLAIM)}


def outages(name: str) -> list[tuple[At, Fault, int]]:
    """Every step of this load with everything that can go wrong there."""
    found = [(at, fault, 1) for at, fault in product(MESSAGES, ON_MESSAGES)]
    found += [(at, fault, 1) for at, fault in product(KEYS, (Fault.LOST, Fault.GONE))]
    commits = range(1, count_commits(BY_NAME[name]) + 1)
    return found + [(At.COMMIT, fault, n) for n, fault in product(commits, (Fault.BEFORE, Fault.AFTER))]


def count_commits(scenario: Scenario) -> int:
    """Commits of the ledger from the card's arrival until it has rested."""
    outage = Outage(At.COMMIT, Fault.BEFORE, 0)
    OutagePlay(scenario, outage, Aftermath.HERE).run()
    return outage.passed


def suffer(name: str, outage: tuple[At, Fault, int]) -> list[str]:
    """One outage with every aftermath: what broke, one line each."""
    scenario = BY_NAME[name]
    return [text for text in (_one(scenario, Outage(*outage), after) for after in scenario.aftermaths) if text]


def _one(scenario: Scenario, outage: Outage, aftermath: Aftermath) -> str:
    try:
        OutagePlay(scenario, outage, aftermath).run()
    except Violation as violation:
        return f"  {scenario.name}, {outage}, {aftermath}: {violation}"
    return "" if outage.passed else f"  {scenario.name}, {outage}, {aftermath}: the step was never passed"
