"""Emergency meals 应急餐 in a small world of their own: a real till, its flash, a real ledger, deposits and sheets
between them; records come late and twice, the power goes at any moment, and a roster comes in parts.

Laws: what a till has shown is posted, and once; a debt is meals less repayments; the next deposit repays what is owed
before anything else. All of it is drawn from one seed; defects are planted in test_meals.py.
"""

from pathlib import Path
from random import Random

from cloud.ledger.desk.meals import MealLedger
from cloud.ledger.funds.meals.tables import Beside, RosterLine, read_sheet
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.arrival import split_key
from cloud.ledger.records.values import Now
from edge.terminal.store.book import Row
from shared.clocks.clock import day_number, day_text
from shared.ids import person_number
from shared.records import Kind, Stored
from tests.cloud.ledger import campus as c
from tests.edge.terminal.conftest import DEVICE, PSAM_ID, School
from tests.edge.terminal.meals import DAY_S, Till
from tests.edge.terminal.supplied import PowerGoes
from tests.sim.small import book, goes_dark, make_ledger, pupil_card, require_verified
from tests.sim.world import Violation

STEPS, PERSONS, CARDS = 40, 4, 3
"""The fourth person has no card."""
LATE_MAX = 3
"""A person is in the ledger's roster no later than by this step; before, his meals wait."""


class MealWorld:
    """One seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.numbers = [f"2026{n:04d}" for n in range(1, PERSONS + 1)]
        self.ledger: Ledger = make_ledger(folder / f"{seed}.db", CARDS)
        self.desk = MealLedger(self.ledger.opened)
        self.till = Till(School(seed), per_week=self.random.choice((1, 2, 3)))
        self.till.offer(self.till_week(), self.numbers)
        self.till.counter.log = self._shown
        self.shown: dict[tuple[int, int], str] = {}
        self._sent: dict[tuple[int, int], int] = {}
        self._waiting: list[tuple[int, bytes]] = []
        self.happened: set[str] = set()

    def till_week(self) -> int:
        """The school's number of meals a week, as the till has it."""
        return self.random.choice((1, 2, 3))

    def run(self) -> None:
        """Some days; then everything comes in; then the laws."""
        try:
            for step in range(STEPS):
                self._step(step)
                self._require_debts()
            self._roster(PERSONS)
            self._deliver(everything=True)
            self._require_laws()
        finally:
            self.ledger.close()

    def now(self) -> Now:
        """The ledger's."""
        return Now(c.NOW.unix_ms + int(self.till.mono_s * 1000), self.till.now().rtc_s)

    # --- what happens ---------------------------------------------------------------------------------------------

    def _step(self, step: int) -> None:
        rng = self.random
        if step <= LATE_MAX:
            self._roster(step)
        act = rng.choices(
            (self._eats, self._dark, self._deposits, self._paper, self._sleeps, self._deliver), (8, 2, 3, 1, 3, 4)
        )[0]
        act()

    def _roster(self, upto: int) -> None:
        lines = [
            RosterLine(at, number, f"{at:04d}" if at <= CARDS else "", "1")
            for at, number in enumerate(self.numbers[:upto], 1)
        ]
        if lines:
            self.desk.roster(lines, "sim", "school", self.now())

    def _eats(self) -> None:
        self.till.eat(self.random.choice(self.numbers))
        self._collect()

    def _dark(self) -> None:
        """The power goes between the record and its display, and comes again; half of the time he asks again."""
        self.till.counter.log = goes_dark
        number = self.random.choice(self.numbers)
        try:
            self.till.eat(number)
        except PowerGoes:
            self.happened.add("dark")
        self.till.port.crash(lambda size: self.random.randint(0, size))
        self.till.was_dark()
        self.till.power_on()
        self.till.connect()
        self.till.counter.log = self._shown
        if self.random.random() < 0.5:
            self.till.eat(number)
        self._collect()

    def _deposits(self) -> None:
        """What is owed is repaid first, in the same transaction."""
        at = self.random.randrange(1, CARDS + 1)
        fen, whose = self.random.choice((500, 1500, 4000)), self.numbers[at - 1]
        before, had = self._owed().get(whose, 0), self._online(at)
        self.ledger.deposit(pupil_card(at), fen, f"k{self.till.mono_s}-{self.random.random()}", self.now())
        left, has = self._owed().get(whose, 0), self._online(at)
        repaid = min(before, fen)
        if (before - left, has - had) != (repaid, fen - repaid):
            told = f"owed {before}, paid in {fen}: {left} left, {has - had} kept"
            raise Violation("meals: the next deposit repays", told)
        self.happened.add("repaid" if repaid else "kept")

    def _paper(self) -> None:
        """A sheet, which two persons enter; and the same one again."""
        day = day_text(day_number(self.now().campus_s))
        raw = "number\n" + "\n".join(self.random.sample(self.numbers, 2)) + "\n"
        lines = read_sheet(raw.encode(), "sheet", Beside("一楼大伙", day, str(self.random.randint(1, 2))))
        before = len(self._posted())
        try:
            made = [self.desk.propose_sheet(lines, who, "dark", self.now()) for who in ("A", "B")]
        except ProposalRefused:
            return
        for one in made:
            self.desk.confirm_sheet(one.number, "C", self.now())
        if len(self._posted()) != before + 2:
            raise Violation("meals: posted once", f"a sheet of two rows, twice: {len(self._posted()) - before} posted")
        self.happened.add("paper")

    def _sleeps(self) -> None:
        self.till.mono_s += self.random.choice((3_600, DAY_S, 3 * DAY_S))
        self.till.wait(1)

    def _collect(self) -> None:
        for (epoch, seq), wire in sorted(self.till.edge.kept.items()):
            if (epoch, seq) not in self._sent:
                row = self._sent[epoch, seq] = len(self._sent) + 1
                self._waiting.append((row, Stored(DEVICE, epoch, PSAM_ID, wire).to_bytes()))

    def _deliver(self, *, everything: bool = False) -> None:
        """In any order, some of them twice."""
        self._collect()
        waiting = self._waiting
        self.random.shuffle(waiting)
        some = len(waiting) if everything else self.random.randint(0, len(waiting))
        for row, stored in waiting[:some]:
            for _ in range(self.random.choice((1, 1, 2))):
                book(self.ledger, row, stored, self.now())
        del waiting[:some]

    # --- the laws -------------------------------------------------------------------------------------------------

    def _shown(self, row: Row) -> None:
        if row.kind is Kind.MEAL and (row.epoch, row.seq) not in self.till.written():
            self.till.exchange()
        self.shown[row.epoch, row.seq] = person_number(row.card)

    def _require_debts(self) -> None:
        meals: dict[str, int] = {}
        for number, fen in self._posted():
            meals[number] = meals.get(number, 0) + fen
        for number, owed in self._owed().items():
            if not 0 <= owed <= meals.get(number, 0):
                told = f"{number} owes {owed} of {meals.get(number, 0)}"
                raise Violation("meals: a debt is meals less repayments", told)

    def _require_laws(self) -> None:
        wanted = sorted((*(DEVICE,), *place) for place in self.till.written())
        with self.ledger.database.reading():
            rows = self.ledger.database.run(
                "SELECT r.key FROM meal m JOIN record r ON r.id = m.record WHERE m.entry IS NOT NULL"
            )
        keys = sorted(split_key(bytes(key)) for (key,) in rows)
        if keys != wanted:
            raise Violation("meals: never lost, posted once", f"{len(wanted)} given out, {len(keys)} posted")
        if not self.shown.keys() <= self.till.written().keys():
            raise Violation("meals: never lost, posted once", "shown, and no record of it")
        require_verified("meals", self.ledger)
        with self.ledger.database.reading():
            beyond = {bits for (bits,) in self.ledger.database.run("SELECT DISTINCT beyond FROM meal")}
        self.happened.update(f"beyond {bits}" for bits in beyond)

    def _owed(self) -> dict[str, int]:
        with self.ledger.database.reading():
            return dict(self.ledger.database.run("SELECT number, owed_fen FROM person"))

    def _posted(self) -> list[tuple[str, int]]:
        with self.ledger.database.reading():
            return list(self.ledger.database.run("SELECT number, fen FROM meal WHERE entry IS NOT NULL"))

    def _online(self, at: int) -> int:
        return -c.balances(self.ledger).get(f"online:{pupil_card(at).hex()}", 0)
