"""The law `turns`: in one turn of a lane nobody has a second message done while another box's waits for its first, and
money waits for one turn of each other kind at most. It hears what comes into the lanes and is taken out of them.
"""

from collections import Counter

from cloud.ingest.lanes import Lanes
from cloud.ingest.ticket import Money, Now, Ticket, Work
from tests.sim.world import Violation, World

GATHER_RECORDS = 40
"""Of one ledger transaction here: so few that a flood does not fit into one."""
OTHERS_MAX = 3
"""Works of other kinds between two of money, while money waits: one of *now*, one of states, the chores."""


class TurnsLaw:
    """Of one life of the ingest."""

    def __init__(self) -> None:
        self._waiting: dict[type[Work], list[Ticket]] = {Money: [], Now: []}
        self._given_back: set[Ticket] = set()
        self._others = 0

    def waits(self, lane: type[Work], ticket: Ticket) -> None:
        """It came into this lane."""
        self._waiting[lane].append(ticket)

    def given_back(self, work: Money | Now) -> None:
        """It waits once more, and goes first: its turn was nobody's."""
        if isinstance(work, Now):
            self._others = max(0, self._others - 1)
        self._waiting[type(work)] += work.tickets
        self._given_back.update(work.tickets)

    def gone(self, tickets: list[Ticket]) -> None:
        """Their connection is."""
        for lane, waiting in self._waiting.items():
            self._waiting[lane] = [ticket for ticket in waiting if ticket not in tickets]

    def turn(self, work: Work, *, money_may: bool) -> None:
        """This is done now. money_may: no pause after a failure holds it."""
        if isinstance(work, Money | Now):
            self._fair_between_boxes(work)
        self._others = 0 if isinstance(work, Money) or not self._waiting[Money] or not money_may else self._others + 1
        if self._others > OTHERS_MAX:
            raise Violation("turns", f"money waits while {self._others} turns were others'")

    def _fair_between_boxes(self, work: Money | Now) -> None:
        self._waiting[type(work)] = [ticket for ticket in self._waiting[type(work)] if ticket not in work.tickets]
        had = Counter(ticket.sender for ticket in work.tickets if ticket not in self._given_back)
        self._given_back.difference_update(work.tickets)
        starved = {ticket.sender for ticket in self._waiting[type(work)]} - {one.sender for one in work.tickets}
        if starved and max(had.values(), default=0) > 1:
            greedy = had.most_common(1)[0]
            raise Violation("turns", f"{min(starved)} waits for its first while {greedy[0]} has had {greedy[1]}")


class WatchedLanes(Lanes):
    """The real ones; the law hears of everything."""

    def __init__(self, world: World) -> None:
        super().__init__(lambda: world.now_s, GATHER_RECORDS)
        self._law = TurnsLaw()

    def put_money(self, ticket: Ticket) -> None:
        """As the real one."""
        super().put_money(ticket)
        self._law.waits(Money, ticket)

    def put_now(self, ticket: Ticket) -> None:
        """As the real one."""
        super().put_now(ticket)
        self._law.waits(Now, ticket)

    def give_back(self, work: Money | Now, pause_s: float) -> None:
        """As the real one."""
        super().give_back(work, pause_s)
        self._law.given_back(work)

    def drop(self, session: str, connection: int) -> list[Ticket]:
        """As the real one."""
        gone = super().drop(session, connection)
        self._law.gone(gone)
        return gone

    def next(self) -> Work | None:
        """What the ledger thread would be given now."""
        money_may = self._clock() >= self._money_not_before
        work = self._next()
        if work is not None:
            self._law.turn(work, money_may=money_may)
        return work
