"""Which parts a campus is built of: the sound ones, or subclasses with a planted defect."""

from dataclasses import dataclass

from tests.sim.edge_part import EdgePart
from tests.sim.ingest_part import IngestPart
from tests.sim.terminal_part import TerminalPart
from tests.sim.wallets import Habits


@dataclass(frozen=True, slots=True)
class Parts:
    """One class for each kind of part."""

    edge: type[EdgePart] = EdgePart
    terminal: type[TerminalPart] = TerminalPart
    ingest: type[IngestPart] = IngestPart
    fleet: bool = False
    """Documents come down in every seed."""
    releases: bool = False
    """Boxes change their releases in every seed."""
    paying: Habits | None = None
    """Documents come down, and accounts pay, in every seed."""
    afternoon: bool = False
    """What is loaded by itself, copies of cards and replays, behind the day of every seed."""
