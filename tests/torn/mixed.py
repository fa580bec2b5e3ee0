"""Mixed payments, voids and plain purchases worth cutting: what the merchant keeps is the whole sale or nothing of it.

The card of a mixed payment holds too little in its subsidy purse for the sale, so both purses pay.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from shared.purse.profiles import PurchaseForm
from tests.sim.final import halves
from tests.sim.world import Violation
from tests.torn.cut import Action, Cut
from tests.torn.play import OF_A_SALE, WRITTEN, Aftermath, Play, Scenario, count_points

SUBSIDISED = 4
"""Index of a card with a subsidy purse, 15.50 yuan in it."""
SALE_FEN = 2250
OF_A_VOID = (Aftermath.HERE, Aftermath.NEVER)


@dataclass(frozen=True, slots=True)
class MixedScenario(Scenario):
    """A tap at a counter that takes subsidies first. second: the tap before was torn at the second debit."""

    second: bool = False

    @property
    def aftermaths(self) -> tuple[Aftermath, ...]:
        """After a tap that tore before it: the same card here, or elsewhere. Those that never come, `mixed` has."""
        torn_before = self.second or self.torn_before is not None
        return (Aftermath.HERE, Aftermath.ELSEWHERE) if torn_before else OF_A_SALE

    def play(self, cut: Cut, aftermath: Aftermath) -> Play:
        """One run of it."""
        return MixedPlay(self, cut, aftermath)


@dataclass(frozen=True, slots=True)
class VoidScenario(MixedScenario):
    """A cashier's void of a sale that went well."""

    @property
    def aftermaths(self) -> tuple[Aftermath, ...]:
        """The cashier tries again, or does not."""
        return OF_A_VOID

    def play(self, cut: Cut, aftermath: Aftermath) -> Play:
        """One run of it."""
        return VoidPlay(self, cut, aftermath)


@dataclass(frozen=True, slots=True)
class PlainScenario(Scenario):
    """8050 01 and type 06: a purchase without file 0017."""

    def play(self, cut: Cut, aftermath: Aftermath) -> Play:
        """One run of it."""
        return PlainPlay(self, cut, aftermath)


class PlainPlay(Play):
    """The terminal buys plainly from the same cards."""

    def __init__(self, scenario: PlainScenario, cut: Cut, aftermath: Aftermath) -> None:
        super().__init__(scenario, cut, aftermath)
        settings = self.terminal.settings
        self.terminal.settings = replace(settings, profile=replace(settings.profile, purchase=PurchaseForm.PLAIN))


class MixedPlay(Play):
    """Two purses of one card."""

    def __init__(self, scenario: MixedScenario, cut: Cut, aftermath: Aftermath) -> None:
        super().__init__(scenario, cut, aftermath)
        self.card = self.campus.cards[SUBSIDISED]
        self._is_second = scenario.second

    def _before(self) -> None:
        if self._is_second:
            self.terminal.arm(Cut(second_write(), Action.PULL))
            self._present("sell", self.scenario.fen)

    def _kept_fen(self) -> int:
        """What stays with the merchant of all that this terminal has taken from the card."""
        books = self.campus.judge.books
        own = [deed for deed, (name, _) in self.campus.judge.deeds.items() if name == self.terminal.name]
        return sum(books.amounts[deed] - books.voided[deed] for deed in own)

    def _nobody_charged_twice(self, told: int) -> None:
        kept_fen, whole_fen = self._kept_fen(), self.scenario.fen
        if kept_fen not in (0, whole_fen) or (told and kept_fen != whole_fen):
            raise Violation("twice", f"{kept_fen} fen of a sale over {whole_fen} are kept, 成功 shown {told} times")
        halves(self.campus)


class VoidPlay(MixedPlay):
    """The sale goes well; its void is cut."""

    def _before(self) -> None:
        self._present("sell", self.scenario.fen)

    def _present(self, verb: str, fen: int) -> None:
        if verb != "void":
            super()._present(verb, fen)
            return
        self._ended = False
        self.terminal.void(self._end)
        self.world.run(self.world.now_s + 20.0)

    def _go_on(self, told: int) -> None:
        if self.aftermath is Aftermath.HERE and not told:
            self.terminal.void()
        self.world.run(self.world.now_s + 5.0)

    def _nobody_charged_twice(self, told: int) -> None:
        """Taken back whole, or, where the operator card was pulled and nobody tried again, not at all."""
        kept_fen = self._kept_fen()
        is_sure = told or self.aftermath is Aftermath.HERE
        if kept_fen and (is_sure or kept_fen != self.scenario.fen):
            raise Violation("void", f"{kept_fen} fen of a void sale over {self.scenario.fen} are kept")
        halves(self.campus)


@lru_cache(maxsize=1)
def second_write() -> int:
    """The number of the point just after the second debit of a mixed payment."""
    names = count_points(BY_NAME["mixed"])
    return names.index(WRITTEN, names.index(WRITTEN) + 1) + 1


SCENARIOS: tuple[Scenario, ...] = (
    PlainScenario("purchase-plain", "pos-1", "sell", 1250),
    PlainScenario("purchase-plain-again", "pos-1", "again", 1250, ("sell", WRITTEN, Action.PULL)),
    MixedScenario("mixed", "pos-2", "sell", SALE_FEN),
    MixedScenario("mixed-again", "pos-2", "again", SALE_FEN, ("sell", WRITTEN, Action.PULL)),
    MixedScenario("mixed-rekeyed", "pos-2", "sell", SALE_FEN, second=True),
    MixedScenario("mixed-unproven", "pos-2", "again", SALE_FEN, ("sell", WRITTEN, Action.BOTH)),
    VoidScenario("void", "pos-2", "void", 900),
    VoidScenario("void-mixed", "pos-2", "void", SALE_FEN),
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
