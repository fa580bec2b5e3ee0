"""People with cards: they come in meal peaks, pull cards too early, come back, or go to another window.

Whoever was not told what became of the money is remembered as torn, with the place, until a terminal has said it.
"""

from functools import partial

from edge.terminal.taps.steps import End, Result
from shared.inventory import DeviceKind
from shared.purse.reasons import Reason
from tests.sim.faults import Faults
from tests.sim.terminal_part import TerminalPart
from tests.sim.truth import CardTruth
from tests.sim.world import World

TRIES_MAX = 6
LOW_FEN = 2_500
LOAD_SHARE = 0.05
VOID_SHARE = 0.04
"""Of the sales, so often the cashier takes back the last one."""
CLAIM_SHARE = 0.03
SERVING_SHARE = 0.04
"""So often somebody takes a second serving over the same sum, and meanwhile the terminal was switched off and on."""
_AGAIN = (Reason.CARD_GONE, Reason.PSAM_GONE)


class Crowd:
    """All cards, and whoever holds them."""

    def __init__(
        self, world: World, faults: Faults, cards: list[CardTruth], terminals: list[TerminalPart]
    ) -> None:
        self.world, self.faults, self.cards = world, faults, cards
        self.sellers = [t for t in terminals if t.made.settings.kind is not DeviceKind.LOAD_MACHINE]
        self.tills = [t for t in self.sellers if not t.rides and not t.made.settings.subsidy]
        """Where an amount is keyed and the main purse pays: its counter moves, which it does not for a refused ride."""
        self.mixed = [t for t in self.sellers if t.made.settings.subsidy]
        self.machines = [t for t in terminals if t.made.settings.kind is DeviceKind.LOAD_MACHINE]
        self.avoided: TerminalPart | None = None
        """Its PSAM was reported stolen: nobody comes to it to settle what is open."""
        self.torn: dict[tuple[str, str], tuple[TerminalPart, CardTruth, str]] = {}
        self.unsure_loads: dict[str, CardTruth] = {}
        self.claimers: dict[str, CardTruth] = {}
        """Whoever has claimed 领款: a till may hold a claim or second try of theirs that nobody knows of."""
        self.used: dict[str, CardTruth] = {}
        self.taps = 0
        self.done = 0

    def leaves(self, cards: list[CardTruth]) -> None:
        """Nobody pays with these purses."""
        self.cards = [card for card in self.cards if card not in cards]

    def meal(self, taps: int, length_s: float) -> None:
        """So many visits within the next seconds."""
        for _ in range(taps):
            self.world.after(self.world.between(0, length_s), self._visit)

    def _visit(self) -> None:
        world = self.world
        self.taps += 1
        card = world.random.choice(self.cards)
        if self.machines and (card.balance_fen < LOW_FEN or world.chance(LOAD_SHARE)):
            machine = world.random.choice(self.machines)
            self.try_at(machine, card, "load", world.random.choice((5_000, 10_000, 20_000)))
            return
        if world.chance(CLAIM_SHARE):
            self._claim(card)
            return
        self.try_at(world.random.choice(self.sellers), card, "sell", world.random.randint(1, 30) * 50)

    def _claim(self, card: CardTruth) -> None:
        self.try_at(self.world.random.choice(self.tills), card, "claim", 0)

    def try_at(self, terminal: TerminalPart, card: CardTruth, verb: str, amount_fen: int, tries: int = 0) -> None:
        """Present the card, or come again a little later."""
        if not terminal.free or card.busy:
            if tries < TRIES_MAX:
                again = partial(self.try_at, terminal, card, verb, amount_fen, tries + 1)
                self.world.after(self.world.between(0.3, 2.0), again)
            return
        self.used[card.label] = card
        if verb == "claim":
            self.claimers[card.label] = card
        terminal.present(card, verb, amount_fen, partial(self._ended, terminal, card, verb, amount_fen, tries))

    def _ended(
        self, terminal: TerminalPart, card: CardTruth, verb: str, amount_fen: int, tries: int, result: Result | None
    ) -> None:
        place = terminal.name, card.label
        if verb == "load":
            self._note_load(card, result)
        if result is None or result.end is End.UNKNOWN:
            self.torn[place] = terminal, card, verb
            self._unsure(terminal, card, verb, amount_fen, tries)
            return
        if result.end is not End.NOT_SELLING and not (result.end is End.DECLINED and result.reason in _AGAIN):
            self.torn.pop(place, None)
        self.done += result.end is End.DONE
        if result.end is End.DONE and verb != "load" and self.world.chance(VOID_SHARE):
            self.world.after(self.world.between(0.2, 4.0), terminal.void)
        if result.end is End.DONE and self.faults.terminal_kill_s and self.world.chance(SERVING_SHARE):
            self.world.after(0.1, terminal.cut)
            self.world.after(self.world.between(20.0, 60.0), self.try_at, terminal, card, verb, amount_fen)
        if result.end is End.DECLINED and result.reason in _AGAIN and tries < TRIES_MAX:
            again = partial(self.try_at, terminal, card, verb, amount_fen, tries + 1)
            self.world.after(self.world.between(0.5, 3.0), again)

    def _note_load(self, card: CardTruth, result: Result | None) -> None:
        if result is not None and result.end is End.DONE:
            self.unsure_loads.pop(card.label, None)
        else:
            self.unsure_loads[card.label] = card
            for wait_s in (3.0, 30.0):
                if self.world.chance(0.5):  # the holder asks at a till what became of it
                    self.world.after(wait_s, self._claim, card)

    def _unsure(self, terminal: TerminalPart, card: CardTruth, verb: str, amount_fen: int, tries: int) -> None:
        """Perhaps paid, perhaps not: wait at the window, leave, or buy elsewhere."""
        world = self.world
        if world.chance(self.faults.card_leaves):
            if verb in ("sell", "again") and world.chance(0.5):
                other = world.random.choice(self.sellers)
                world.after(world.between(1, 20), self.try_at, other, card, "sell", amount_fen)
            return
        if tries < TRIES_MAX:
            same = verb if verb in ("load", "claim") or world.chance(0.5) else "again"
            wait_s = world.between(0.5, 3.0) if world.chance(0.8) else world.between(30.0, 90.0)
            again = partial(self.try_at, terminal, card, same, amount_fen, tries + 1)
            world.after(wait_s, again)
