"""One tap, cut at one point, and what becomes of it: the real terminal, card, edge and ledger, until all is at rest.

Every run ends in the same questions: do cards and books agree to the fen, is what they cannot agree on named as an
open case, was nobody charged twice for one serving, was 成功 never shown without a debit.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from cloud.ledger.records.grey import State
from cloud.ledger.records.load_state import CaseState
from edge.terminal.taps.steps import Result
from shared.records import STORED_HEAD, CounterKind, decode
from tests.sim.blueprint import HOSTILE, Blueprint, blueprint
from tests.sim.campus import HEAL_MAX_S, UNPROVEN_S, Campus
from tests.sim.faults import Faults
from tests.sim.final import check_end, zero_sum
from tests.sim.ingest_part import IngestPart
from tests.sim.ledgers import GRANT_FEN
from tests.sim.parts import Parts
from tests.sim.truth import CardTruth, Deed
from tests.sim.world import Violation
from tests.torn.cut import Action, Cut, CutTerminal

SEED = 1
CARD = 3
"""Index of the card that is cut: rich enough for everything that a scenario wants."""
OTHER_FEN = 100
MORNING_S = 6.0
PATIENCE_S = 20.0
"""Until the card comes back: longer than a terminal needs to start again."""


class Aftermath(StrEnum):
    """What the holder and the cashier do next."""

    HERE = "presented again"
    RESALE = "amount keyed again"
    ELSEWHERE = "used elsewhere"
    NEVER = "never came back"
    REPLACED = "body replaced, then presented again"
    MOVED = "presented at the next stop"
    LATER = "rides again hours later"


COMES_BACK = (Aftermath.HERE, Aftermath.RESALE, Aftermath.REPLACED, Aftermath.MOVED, Aftermath.LATER)
"""After these the card is used until everything about it is decided."""
OF_A_SALE = (Aftermath.HERE, Aftermath.RESALE, Aftermath.ELSEWHERE, Aftermath.NEVER)
"""A body destroyed with purchases that nobody else has takes their proof with it: no rule can bring it back."""
LOADS = ("load", "claim")
"""Taps that credit the card."""
OF_A_LOAD = (*OF_A_SALE, Aftermath.REPLACED)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A tap worth cutting. torn_before: a tap of the same card that leads to it, torn there: (verb, point, action)."""

    name: str
    terminal: str
    verb: str
    fen: int
    torn_before: tuple[str, str, Action] | None = None

    @property
    def aftermaths(self) -> tuple[Aftermath, ...]:
        """What may follow. A load is decided by the card whatever became of the body."""
        return OF_A_LOAD if self.verb in LOADS else OF_A_SALE

    def play(self, cut: Cut, aftermath: Aftermath) -> "Play":
        """One run of it."""
        return Play(self, cut, aftermath)


class Play:
    """One scenario, one cut, one aftermath."""

    def __init__(
        self, scenario: Scenario, cut: Cut, aftermath: Aftermath, plan: Blueprint | None = None,
        ingest: type[IngestPart] = IngestPart,
    ) -> None:  # fmt: skip
        self.scenario, self.cut, self.aftermath = scenario, cut, aftermath
        here = _around(plan or blueprint(), scenario.terminal)
        self.campus = Campus(SEED, Parts(terminal=CutTerminal, ingest=ingest), here, Faults())
        self.world = self.campus.world
        self.card: CardTruth = self.campus.cards[CARD]
        found = next(one for one in self.campus.terminals if one.name == scenario.terminal)
        if not isinstance(found, CutTerminal):
            raise TypeError("this campus cannot be cut")
        self.terminal = found
        self._ended = False

    def run(self) -> list[str]:
        """The points that the tap passed. Violation when a law breaks."""
        try:
            self._lead_in()
            self._arm()
            self._present(self.scenario.verb, self.scenario.fen)
            told = self.terminal.success_shown
            self._go_on(told)
            self._rest()
            self._check(told)
        finally:
            self.campus.close()
        return self.cut.names

    def _lead_in(self) -> None:
        self.campus.start()
        self.world.run(self.world.now_s + MORNING_S)
        self._before()
        if self.scenario.torn_before is not None:
            verb, point, action = self.scenario.torn_before
            self.terminal.arm(Cut(action=action, named=point))
            self._present(verb, self.scenario.fen)
        self.terminal.success_shown = 0

    def _before(self) -> None:
        """What the card has done when it is torn."""

    def _arm(self) -> None:
        self.terminal.arm(self.cut)

    def _present(self, verb: str, fen: int) -> None:
        self._ended = False
        self.terminal.present(self.card, verb, fen, self._end)
        until_s = self.world.now_s + PATIENCE_S
        while not self._ended:
            if self.world.now_s > until_s:
                raise Violation("liveness", "the tap does not end")
            self.world.run(self.world.now_s + 0.5)
        self.world.run(self.world.now_s + PATIENCE_S)

    def _end(self, result: Result | None) -> None:
        self._ended = True

    def _go_on(self, told: int) -> None:
        """A holder who was told 成功 has left."""
        crowd, verb = self.campus.crowd, self.scenario.verb
        if self.aftermath is Aftermath.NEVER:
            return
        if self.aftermath is Aftermath.REPLACED:
            self.terminal.replace_body()
        elif self.aftermath is Aftermath.ELSEWHERE:
            other = next(one for one in crowd.sellers if one is not self.terminal)
            crowd.try_at(other, self.card, "sell", OTHER_FEN)
        elif not told:
            again = (verb, 0) if verb in LOADS else ("again", 0)
            keyed = again if self.aftermath is Aftermath.HERE else (_first(verb), self.scenario.fen)
            crowd.try_at(self.terminal, self.card, *keyed)
        self.world.run(self.world.now_s + UNPROVEN_S)

    def _rest(self) -> None:
        """Everything drains; a case that only the next transaction decides gets it, unless nobody ever comes."""
        self.world.run(self.world.now_s + UNPROVEN_S)
        if self.aftermath in COMES_BACK:
            self._once_more()
        until_s = self.world.now_s + HEAL_MAX_S
        while owing := self.campus._owing():
            if self.world.now_s > until_s:
                raise Violation("liveness", owing)
            self.world.run(self.world.now_s + 2.0)

    def _once_more(self) -> None:
        crowd = self.campus.crowd
        other = next(one for one in crowd.sellers if one is not self.terminal)
        crowd.try_at(other, self.card, "sell", 1)
        if self.scenario.verb in LOADS:
            self.world.after(10.0, partial(crowd.try_at, crowd.machines[0], self.card, "load", OTHER_FEN))
        self.world.run(self.world.now_s + UNPROVEN_S)

    # --- the questions --------------------------------------------------------------------------------------------

    def _check(self, told: int) -> None:
        self._nobody_charged_twice(told)
        if self.aftermath in COMES_BACK:
            check_end(self.campus)
            self._no_half_load()
        else:
            zero_sum(self.campus)
            self._agree_or_named()

    def _nobody_charged_twice(self, told: int) -> None:
        kind = CounterKind.ONLINE if self.scenario.verb in LOADS else CounterKind.OFFLINE
        same = [
            deed
            for deed, (name, happened) in self.campus.judge.deeds.items()
            if deed.kind is kind and name == self.terminal.name and happened.amount_fen == self.scenario.fen
        ]
        if len(same) > 1:
            raise Violation("twice", f"{len(same)} × {self.scenario.fen} fen for one serving, 成功 shown {told} times")

    def _no_half_load(self) -> None:
        """Every load that was granted has ended, confirmed or given back."""
        if fen := self._pending_loads():
            raise Violation("half", f"{fen} fen are in a load that has no end")

    def _agree_or_named(self) -> None:
        """Card and float differ by exactly the open cases of this card, and each of them has a name."""
        judge, name = self.campus.judge, self.card.card.hex()
        balances = judge.books.balances
        if lost := [deed for deed in judge.deeds if not judge.ledger.now.has(deed)]:
            raise Violation("I1", f"{lost[0]} is nowhere in the ledger")
        off = -balances[f"purse:{name}"] - balances[f"subsidy:{name}"] - sum(self.card.balances_fen)
        grey, transit = self._open_greys(), -balances[f"transit:{name}"]
        credited = sum(self._fen(deed) for deed in self._unposted(CounterKind.ONLINE))
        debited = sum(self._fen(deed) for deed in self._unposted(CounterKind.OFFLINE))
        if off != debited - credited:
            raise Violation("I3", f"card and float differ by {off} fen, {debited} − {credited} are not posted")
        if debited and debited != grey:
            raise Violation("I3", f"{debited} fen debited and not posted, open cases name {grey}")
        if credited and credited != transit:
            raise Violation("I3", f"{credited} fen credited and not posted, {transit} are in transit")
        if transit and transit != self._pending_loads():
            raise Violation("I3", f"{transit} fen in transit, the open loads are {self._pending_loads()}")

    def _unposted(self, kind: CounterKind) -> list[Deed]:
        judge = self.campus.judge
        return [deed for deed in judge.deeds if deed.kind is kind and judge.books.posted[deed] != 1]

    def _fen(self, deed: Deed) -> int:
        return self.campus.judge.deeds[deed][1].amount_fen

    def _open_greys(self) -> int:
        query = (
            "SELECT r.stored FROM suspense s JOIN record r ON r.id = s.record WHERE s.state = ? AND s.load IS NULL"
        )
        rows = self.campus.ingest.database.execute(query, (int(State.OPEN),))
        return sum(decode(stored[STORED_HEAD:]).amount_fen for (stored,) in rows)

    def _pending_loads(self) -> int:
        query = "SELECT coalesce(sum(amount_fen), 0) FROM load_case WHERE card = ? AND state = ?"
        key = (self.card.card, int(CaseState.PENDING))
        (fen,) = self.campus.ingest.database.execute(query, key).fetchone()
        return int(fen)


CANTEEN, BUS = ("pos-1", "pos-2", "load-1", HOSTILE), ("pos-1", "bus-1", "bus-2", HOSTILE)
"""Where a card is torn, and where it is used after that. The campus's other terminals only stood there, and a third of
a play went into what they say at rest."""


def _around(plan: Blueprint, terminal: str) -> Blueprint:
    """The campus with the terminals that a scenario of this one needs."""
    names = (terminal, *(BUS if terminal in BUS[1:3] else CANTEEN))
    return replace(plan, terminals=tuple(made for made in plan.terminals if made.settings.name in names))


def _first(verb: str) -> str:
    return "sell" if verb == "again" else verb


WRITTEN = "after the card's write"
SCENARIOS = (
    Scenario("purchase-capp", "pos-1", "sell", 1250),
    Scenario("purchase-capp-again", "pos-1", "again", 1250, ("sell", WRITTEN, Action.PULL)),
    Scenario("purchase-capp-rekeyed", "pos-1", "sell", 1250, ("sell", WRITTEN, Action.PULL)),
    Scenario("purchase-capp-unproven", "pos-1", "again", 1250, ("sell", WRITTEN, Action.BOTH)),
    Scenario("load", "load-1", "load", 5000),
    Scenario("load-again", "load-1", "load", 5000, ("load", WRITTEN, Action.PULL)),
    Scenario("claim", "pos-1", "claim", GRANT_FEN),
    Scenario("claim-again", "pos-1", "claim", GRANT_FEN, ("claim", WRITTEN, Action.PULL)),
    Scenario("load-unproven", "load-1", "load", 5000, ("load", WRITTEN, Action.BOTH)),
)

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def count_points(scenario: Scenario) -> list[str]:
    """The names of the points that its tap passes when nothing is cut."""
    return scenario.play(Cut(), Aftermath.HERE).run()


def cut_at(scenario: Scenario, at: int) -> list[str]:
    """Every way of cutting at one point and every aftermath: what broke, one line each."""
    found = (_one(scenario, Cut(at, action), aftermath) for action in Action for aftermath in scenario.aftermaths)
    return [text for text in found if text]


def _one(scenario: Scenario, cut: Cut, aftermath: Aftermath) -> str:
    try:
        scenario.play(cut, aftermath).run()
    except Violation as violation:
        point = cut.names[cut.at - 1] if len(cut.names) >= cut.at else "?"
        return f"  {scenario.name} {cut.at} ({point}), {cut.action}, {aftermath}: {violation}"
    return ""
