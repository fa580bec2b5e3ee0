"""One seed: a campus of real parts, a day of meals with faults on, then calm, and everything must come together.

`run_seed` is the whole of it: same seed, same events, same books. Parts with planted defects come in through `Parts`.
"""

import gc
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from edge.terminal.firmware.firmware import QUIET_S as QUIET_TILL_S
from tests.sim.afternoon import Afternoon, has_afternoon
from tests.sim.blueprint import HOSTILE, Blueprint, blueprint
from tests.sim.box_releases import is_released
from tests.sim.clock import Clock
from tests.sim.crowd import Crowd
from tests.sim.faults import Faults, draw, draw_fleet
from tests.sim.final import check_end
from tests.sim.fleet_keys import is_fleet
from tests.sim.fleet_law import FleetLaw
from tests.sim.forged_voids import forge_voids
from tests.sim.hostile_terminal import HostileBody, is_hostile
from tests.sim.ingest_part import copy_of
from tests.sim.judge import Judge
from tests.sim.ledgers import fresh_ledger
from tests.sim.lines import BusLine, Line, TcpLine
from tests.sim.losses import check_losses
from tests.sim.nemesis import Nemesis
from tests.sim.network import Broker
from tests.sim.office import Office, owed_down
from tests.sim.parts import Parts
from tests.sim.replay import check_replay
from tests.sim.terminal_part import TerminalPart
from tests.sim.truth import CardTruth
from tests.sim.wallets import SELDOM, Wallets, is_paying
from tests.sim.world import Violation, World

MEALS_S = (7 * 3600, 11 * 3600 + 1800, 17 * 3600 + 1800)
"""Breakfast, lunch, dinner: seconds after midnight."""
QUIET_S = 20.0
"""After a meal, before the clocks leap to the next one."""
WEEK_S = 7 * 86_400
LATE = 2
NIGHT_S = QUIET_TILL_S + 60.0
"""So long nobody taps, and new firmware is tried."""
UNPROVEN_S = 65.0
"""Longer than a pending slot may wait for its card."""
PER_S = (1.5, 3.0, 6.0)
"""Visits per second at a meal's peak, over the whole campus."""
HEAL_MAX_S = 1_500.0
"""Virtual time in which all must have come together after the last fault."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a seed came to. fingerprint: over all events and the books at the end. counts: of events by name."""

    seed: int
    fingerprint: int
    events: int
    taps: int
    done: int
    records: int
    faults: tuple[str, ...]
    counts: Counter[str]


class Failure(Exception):
    """A seed in which a law broke. trace: the last events."""

    def __init__(self, seed: int, law: str, text: str, faults: tuple[str, ...], trace: str) -> None:
        super().__init__(f"seed {seed}: {text}")
        self.seed, self.law, self.text, self.faults, self.trace = seed, law, text, faults, trace


class Campus:
    """All parts of one seed. faults: given ones instead of those that the seed draws, of the way down as well."""

    def __init__(self, seed: int, parts: Parts, plan: Blueprint, faults: Faults | None = None) -> None:
        self.world = World(seed)
        self.plan = plan
        self.faults = faults or draw(self.world.random)
        self.fault_names: tuple[str, ...] = tuple(self.faults.names())
        self.clock = Clock(self.world)
        self.is_night = False
        self.judge = Judge(self.world)
        if parts.fleet or parts.paying or (faults is None and is_fleet(seed)):
            self.judge.fleet = FleetLaw(self.world)
            draw_fleet(self.faults, seed)
            self.fault_names += ("documents",)
        if parts.paying or (faults is None and is_paying(seed)):
            self.judge.accounts_pay()
            self.fault_names += ("accounts",)
        self.broker = Broker(self.world)
        self._weather()
        self.edges = [
            parts.edge(self.world, self.clock, self.faults, self.judge, self.broker, settings)
            for settings in plan.boxes
        ]
        if parts.releases or (faults is None and is_released(seed)):
            self.fault_names += ("box releases",)
            for edge in self.edges:
                edge.change_releases()
        self.terminals = [
            parts.terminal(self.world, self.clock, self.faults, self.judge, made) for made in plan.terminals
            if made.settings.name != HOSTILE
        ]
        self.cards = [CardTruth(made.card, made.label, made.image) for made in plan.cards]
        self.lines: list[Line] = [self._line(terminal) for terminal in self.terminals]
        self.ingest = parts.ingest(
            self.world, self.clock, self.faults, self.judge, self.broker, plan, copy_of(fresh_ledger())
        )
        self.judge.ledger_committed(self.ingest.database)
        self.crowd = Crowd(self.world, self.faults, self.cards, self.terminals)
        self.office = Office(self, self.judge.fleet) if self.judge.fleet is not None else None
        habits = parts.paying or SELDOM
        self.wallets = Wallets(self, self.judge.paying, habits) if self.judge.paying is not None else None
        self.nemesis = Nemesis(self)
        self.hostile = self._hostile() if is_hostile(seed) else None
        self.has_afternoon = parts.afternoon or (faults is None and has_afternoon(seed))
        if self.has_afternoon:
            self.fault_names += ("copies",)

    def _hostile(self) -> HostileBody:
        made = next(made for made in self.plan.terminals if made.settings.name == HOSTILE)
        edge = next(edge for edge in self.edges if edge.name == made.box)
        psam = next(row.psam for row in self.plan.inventory.psams if row.device == made.settings.device)
        self.fault_names += ("hostile terminal",)
        self.judge.disbelieve(made.settings.device)
        return HostileBody(self.world, edge, made, psam, [card.card for card in self.plan.cards])

    def close(self) -> None:
        """Let the databases go."""
        for edge in self.edges:
            edge.close()
        self.ingest.close()
        self.nemesis.close()

    def _weather(self) -> None:
        faults, broker = self.faults, self.broker
        broker.loss, broker.double, broker.overtake = faults.broker_loss, faults.broker_double, faults.broker_overtake

    def _line(self, terminal: TerminalPart) -> Line:
        edge = next(edge for edge in self.edges if edge.name == terminal.made.box)
        form = BusLine if terminal.made.on_bus else TcpLine
        return form(self.world, self.faults, edge, terminal)

    def start(self) -> None:
        """Morning: everything is switched on."""
        if self.wallets is not None:
            self.wallets.morning()
        self.ingest.start()
        for edge in self.edges:
            edge.start()
            if edge.releases is not None:
                edge.releases.begin()
        for terminal in self.terminals:
            terminal.start()
        if self.hostile is not None:
            self.hostile.begin()

    def day(self, taps: int) -> None:
        """Three meals, and the quiet between them."""
        rate = self.world.random.choice(PER_S)
        if self.wallets is not None:
            self.wallets.lose(taps / rate)
        for at_s in MEALS_S:
            self._leap_to(at_s)
            count = taps // len(MEALS_S)
            length_s = max(20.0, count / rate)
            by_account = count // self.wallets.habits.per_visits if self.wallets is not None else 0
            self.crowd.meal(count - by_account, length_s)
            if self.wallets is not None:
                self.wallets.meal(by_account, length_s)
            self.world.run(self.world.now_s + length_s + QUIET_S)
            self._go_away()
        if self.faults.night:
            self.is_night = True
            self.world.run(self.world.now_s + NIGHT_S)
            self.is_night = False

    def _go_away(self) -> None:
        """Weeks without anybody; a few terminals come back later than the others."""
        if not self.faults.weeks or self.world.chance(0.5):
            return
        self.world.note("weeks", self.faults.weeks)
        for line in self.world.random.sample(self.lines, LATE):
            line.cut()
            self.world.after(self.world.between(5.0, 100.0), line.mend)
        self.clock.leap(self.faults.weeks * WEEK_S)

    def _leap_to(self, second_of_day: int) -> None:
        ahead_s = (second_of_day - self.clock.campus_s()) % 86_400
        self.clock.leap(ahead_s)

    def heal(self) -> None:
        """No more faults; then all must come to rest."""
        self.world.note("heal")
        self.faults.calm()
        self._weather()
        self.nemesis.quiet()
        for edge in self.edges:
            if edge.releases is not None:
                edge.releases.quiet()
        if self.hostile is not None:
            self.hostile.quiet()
        if self.office is not None:
            self.office.quiet()
        self.rest()

    def rest(self) -> None:
        """Torn cards are presented where they tore or used elsewhere; then all must drain."""
        until_s = self.world.now_s + HEAL_MAX_S
        self.world.run(self.world.now_s + 25.0)
        self._settle_torn()
        self.world.run(self.world.now_s + UNPROVEN_S)
        if self.office is not None:
            self._until(self._behind, until_s)
        self._use_again()
        self.world.run(self.world.now_s + 45.0)
        self._until(self._owing, until_s)

    def drain(self) -> None:
        """Everything that any part holds comes home."""
        self.world.run(self.world.now_s + 45.0)
        self._until(self._owing, self.world.now_s + HEAL_MAX_S)

    def _until(self, owes: Callable[[], str], until_s: float) -> None:
        while owing := owes():
            if self.world.now_s > until_s:
                raise Violation("liveness", owing)
            self.world.run(self.world.now_s + 5.0)

    def _behind(self) -> str:
        """What the centre wants and some terminal does not have, or an order that nobody has answered."""
        there = [terminal.device for terminal in self.terminals if terminal is not self.crowd.avoided]
        return owed_down(self.ingest.database, there)

    def _settle_torn(self) -> None:
        """Half of the torn cards come back to where it happened."""
        for terminal, card, verb in list(self.crowd.torn.values()):
            if self.world.chance(0.5):
                wait_s = self.world.between(0, 20)
                again = (verb, 0) if verb in ("load", "claim") else ("again", 0)
                self.world.after(wait_s, self.crowd.try_at, terminal, card, *again)

    def _use_again(self) -> None:
        """Every card that was used is used once more: what is still grey shows by its next counter and balance."""
        tills = [till for till in self.crowd.tills if till is not self.crowd.avoided]
        for card in self.crowd.used.values():
            seller = self.world.random.choice(tills)
            self.world.after(self.world.between(0, 20), self.crowd.try_at, seller, card, "sell", 1)
            if card.subsidy_fen:
                mixed = [till for till in self.crowd.mixed if till is not self.crowd.avoided]
                other = self.world.random.choice(mixed)
                self.world.after(self.world.between(22, 34), self.crowd.try_at, other, card, "sell", 1)
        for card in (self.crowd.unsure_loads | self.crowd.claimers).values():
            machine = self.world.random.choice(self.crowd.machines)
            self.world.after(self.world.between(0, 20), self.crowd.try_at, machine, card, "load", 100)

    def _owing(self) -> str:
        owing = [f"{t.name} {t.owes()}" for t in self.terminals if t.owes()]
        owing += [f"{e.name} {e.owes()} rows" for e in self.edges if e.owes()]
        queued = self.broker.queued()
        return ", ".join(owing + ([f"broker {queued}"] if queued else []))


def run_seed(seed: int, *, days: int = 1, taps: int = 300, parts: Parts | None = None, replay: bool = True) -> Outcome:
    """Run one seed to its end; Failure when a law breaks."""
    campus = Campus(seed, parts or Parts(), blueprint())
    gc.disable()  # a seed is short and all of it is wanted to its end
    try:
        _play(campus, days, taps, replay=replay)
    except Violation as violation:
        raise Failure(seed, violation.law, str(violation), campus.fault_names, campus.world.trace()) from violation
    except Exception as fault:
        text = f"crash: {traceback.format_exc(limit=-8)}"
        raise Failure(seed, "crash", text, campus.fault_names, campus.world.trace()) from fault
    finally:
        gc.enable()
        campus.close()
    world = campus.world
    world.note("end", *sorted(campus.judge.books.balances.items()))
    records = len(campus.judge.ledger.now.keys)
    crowd, names = campus.crowd, campus.fault_names
    return Outcome(seed, world.fingerprint, world.events, crowd.taps, crowd.done, records, names, world.counts)


def _play(campus: Campus, days: int, taps: int, *, replay: bool) -> None:
    campus.start()
    campus.nemesis.begin(days * (taps / 2.0 + 3 * QUIET_S))
    for _ in range(days):
        campus.day(taps)
    campus.heal()
    check_end(campus)
    if replay:
        check_replay(campus)
        check_losses(campus)
    if campus.faults.forged_voids:
        forge_voids(campus)
    if campus.has_afternoon:
        Afternoon(campus).play()
