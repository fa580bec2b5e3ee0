"""The laws of the way down, checked from outside: by the ledger's rows, by what leaves a terminal or a box, by papers.

older: no older document ever takes effect · unmade: nor one that the centre has not made · undurable: nothing is said
to be held that the next power cut could take · listed: no terminal sells to a card that the hotlist names which it has
reported · order: a command is begun once, and answered once or not at all, and a row of a job says nothing else ·
firmware: what runs has passed its self-test or is what ran before, and never what has failed · catching: an old hotlist
stops a terminal for a minute at most · release: what a lost card had left is released when nobody can sell to it.
"""

import sqlite3
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from cloud.ledger.fleet.jobs.state import RowState
from edge.link import messages as link
from edge.link.messages import DocumentReport, Type
from edge.terminal.down.documents import CATCH_UP_S
from edge.terminal.down.trial import TRIES_MAX
from edge.terminal.taps.body import BUILT_IN
from shared.fleet.document import CAMPUS, DocumentKind, Head, Scope, decode_head, device_scope
from shared.fleet.order import too_late
from shared.ids import DeviceId
from shared.records import CounterKind
from shared.wire.fleet_lane import FleetTag, Held, Verdict
from shared.wire.messages import decode_now_up
from tests.sim.stranger import is_of
from tests.sim.truth import Deed
from tests.sim.world import Violation, World

if TYPE_CHECKING:
    from tests.sim.judge import Judge
    from tests.sim.papers import SimPapers

Which = tuple[int, bytes]
"""Kind and scope."""
HOTLIST: Which = int(DocumentKind.HOTLIST), CAMPUS
_FINAL = frozenset({Verdict.IN_USE, Verdict.REFUSED, Verdict.EXPIRED, Verdict.UNSUPPORTED})
SLACK_S = 1.0


class Mark(NamedTuple):
    """Which generation, and which bytes."""

    generation: int
    digest: bytes


class FleetLaw:
    """Hears of what the centre makes and of what terminals and boxes say."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.made: defaultdict[Which, set[Mark]] = defaultdict(set)
        """Ever, also by a ledger that was put back since."""
        self.listed: dict[Mark, frozenset[bytes]] = {}
        self.said: dict[str, dict[Which, Mark]] = defaultdict(dict)
        """Of each terminal, what it has said that it uses."""
        self.good: set[tuple[int, int]] = set()
        """Model and release of images that pass."""
        self.answers: dict[tuple[bytes, int], tuple[Verdict, bytes]] = {}
        """Of the order of this number to this terminal."""
        self.released: set[bytes] = set()
        """Cards of which the ledger has said that nobody can sell to them any more."""
        self.papers: dict[str, SimPapers] = {}
        self._last = 0
        self._was_put_back = False
        self._held: dict[str, dict[Which, Mark]] = defaultdict(dict)
        self._begun: Counter[tuple[str, int]] = Counter()
        self._tries: Counter[tuple[str, int]] = Counter()
        self._failed: set[tuple[str, int]] = set()
        self._ran: dict[str, int] = {}
        self._stopped_s: dict[str, float] = {}
        self._rotten: set[str] = set()
        """Terminals whose notes about orders have rotted."""
        self._listless: set[str] = set()
        """Those whose list has rotted, until they have it anew: they may sell to whoever they have refused."""
        self._sold_by_rot: set[bytes] = set()

    # --- the centre -----------------------------------------------------------------------------------------------

    def committed(self, database: sqlite3.Connection) -> None:
        """A transaction of the ledger is durable."""
        query = "SELECT id, kind, scope, generation, digest FROM document WHERE id > ? ORDER BY id"
        for number, kind, scope, generation, digest in database.execute(query, (self._last,)).fetchall():
            self._last, mark = number, Mark(generation, bytes(digest))
            self.made[kind, bytes(scope)].add(mark)
            self.world.note("document", kind, bytes(scope), generation)
            if (kind, bytes(scope)) == HOTLIST:
                cards = database.execute("SELECT card FROM hotlisted").fetchall()
                self.listed[mark] = frozenset(bytes(card) for (card,) in cards)

    def put_back(self, database: sqlite3.Connection) -> None:
        """It is an older copy now: what it had said of cards, it has not said."""
        self.released.clear()
        self._was_put_back = True  # what had been sent and done may be queued again, and cancelled
        ((self._last,),) = database.execute("SELECT COALESCE(MAX(id), 0) FROM document").fetchall()

    # --- boxes ----------------------------------------------------------------------------------------------------

    def published(self, box: str, payload: bytes, outbox: sqlite3.Connection) -> None:
        """A box says something; what it holds must be on its disk, and made by the centre."""
        said = decode_now_up(payload) if is_of(payload, FleetTag.HELD) else None
        if not isinstance(said, Held):
            return
        rows = outbox.execute("SELECT head FROM document").fetchall()
        durable = {_which(head): _mark(head) for head in (decode_head(raw[:_HEAD_SIZE]) for (raw,) in rows)}
        for row in said.rows:
            which, mark = (int(row.kind), bytes(row.scope)), Mark(row.generation, row.digest)
            if durable.get(which) != mark:
                raise Violation("undurable", f"{box} says that it holds {_text(which, mark)}, and its disk does not")
            self._newer(box, self._held[box], which, mark)

    def outbox_destroyed(self, box: str) -> None:
        """A disaster of ours."""
        self._held.pop(box, None)

    # --- terminals ------------------------------------------------------------------------------------------------

    def told(self, terminal: str, device: bytes, kind: Type, payload: bytes, papers: "SimPapers") -> None:
        """A message leaves a terminal."""
        if kind is Type.DOCUMENT_REPORT:
            self._reported(terminal, device, link.DOCUMENT_REPORT.decode(payload), papers)

    def _reported(self, terminal: str, device: bytes, said: DocumentReport, papers: "SimPapers") -> None:
        which, mark = (int(said.kind), bytes(said.scope)), Mark(said.generation, said.digest)
        self.world.note("reported", terminal, *which, said.generation, said.offered, int(said.verdict))
        on_paper = papers.find(said.kind, said.scope)
        if said.generation:
            self._newer(terminal, self.said[terminal], which, mark)
            if mark not in on_paper:
                raise Violation("undurable", f"{terminal} uses {_text(which, mark)}, and its papers do not have it")
        if said.verdict is Verdict.STORED and said.offered not in [one.generation for one in on_paper]:
            raise Violation("undurable", f"{terminal} has stored {said.offered} of {which[0]}, its papers do not")
        if said.kind is DocumentKind.ORDER and said.scope == device_scope(DeviceId(device)):
            self._answered(terminal, device, said)
        if said.kind is DocumentKind.FIRMWARE and said.verdict is Verdict.REFUSED and said.detail:
            self._failed.add((terminal, said.offered))

    def _newer(self, who: str, known: dict[Which, Mark], which: Which, mark: Mark) -> None:
        if mark not in self.made[which]:
            raise Violation("unmade", f"{who} has {_text(which, mark)}, which nobody here has made")
        before = known.get(which)
        if before is not None and mark != before and mark.generation <= before.generation:
            raise Violation("older", f"{who} has {_text(which, mark)} after {_text(which, before)}")
        known[which] = mark
        if which == HOTLIST:
            self._listless.discard(who)
        if which == HOTLIST and mark != before:
            self._stopped_s.pop(who, None)

    def forget(self, terminal: str, paper: str) -> None:
        """A fault of ours: a bit of this paper flips, and what it said is gone."""
        kind, _, whom = paper.partition("-")
        if kind == "hotlist":
            self._listless.add(terminal)
        if kind == "firmware":
            self._firmware_lost(terminal)
        if kind == "order" or paper == "orders":
            self._orders_lost(terminal)
        if kind.upper() in DocumentKind.__members__ and whom not in ("trial", "") and not whom.endswith("-next"):
            self.said[terminal].pop((int(DocumentKind[kind.upper()]), bytes.fromhex(whom)), None)

    def deed(self, terminal: str, deed: Deed) -> None:
        """A card pays, or is loaded, at this terminal."""
        mark = self._uses(terminal)
        is_sale = deed.kind is CounterKind.OFFLINE  # a load that was granted before is its ledger's word
        if is_sale and mark is not None and deed.card in self.listed[mark]:
            raise Violation("listed", f"{terminal} has {_text(HOTLIST, mark)} and sells to a card that it names")
        if is_sale and terminal in self._listless:
            self._sold_by_rot.add(deed.card)
        elif is_sale and deed.card in self.released:
            raise Violation("release", f"{terminal} sells to a card whose balance was released")

    def release(self, card: bytes, judge: "Judge") -> None:
        """The ledger waits for no terminal any more: what this card has paid is in its books."""
        if card in self._sold_by_rot:
            return
        self.released.add(card)
        for deed in judge.deeds:
            if deed.card == card and deed.kind is CounterKind.OFFLINE and not judge.ledger.now.has(deed):
                raise Violation("release", f"a card is released, and its counter {deed.counter} is not in the ledger")

    def _uses(self, terminal: str) -> Mark | None:
        """What it has said, or a newer one that is durable there: the power went before it could say so."""
        there = self.papers[terminal].find(DocumentKind.HOTLIST, CAMPUS) if terminal in self.papers else []
        marks = [Mark(*one) for one in there if Mark(*one) in self.listed]
        said = self.said[terminal].get(HOTLIST)
        return max(marks + ([said] if said else []), key=lambda mark: mark.generation, default=None)

    # --- orders ---------------------------------------------------------------------------------------------------

    def began(self, terminal: str, number: int) -> None:
        """A terminal begins what this order says."""
        self.world.note("order begins", terminal, number)
        self._begun[terminal, number] += 1
        if self._begun[terminal, number] > 1 and terminal not in self._rotten:
            raise Violation("order", f"{terminal} begins order {number} once more")

    def _orders_lost(self, terminal: str) -> None:
        """Its answer may be another one from now on: that the state is lost."""
        self._rotten.add(terminal)

    def _answered(self, terminal: str, device: bytes, said: DocumentReport) -> None:
        if said.verdict not in _FINAL or said.offered != said.generation:
            return
        answer = said.verdict, said.detail
        before = self.answers.setdefault((device, said.generation), answer)
        if before != answer and terminal not in self._rotten:
            raise Violation("order", f"{terminal} answers order {said.generation} with {answer} after {before}")

    def at_rest(self, database: sqlite3.Connection) -> None:
        """No row of a job says more than its terminal has said, nor that what was begun was taken back in time."""
        query = "SELECT device, generation, state FROM job_row WHERE state IN (?, ?)"
        states = int(RowState.OK), int(RowState.CANCELLED)
        for device, number, state in database.execute(query, states).fetchall():
            verdict, _ = self.answers.get((bytes(device), number), (None, b""))
            if state == RowState.OK and verdict is not Verdict.IN_USE and not self._too_late(bytes(device)):
                raise Violation("order", f"order {number} to {device.hex()} counts as done, it has said {verdict}")
            if state == RowState.CANCELLED and verdict is Verdict.IN_USE and not self._was_put_back:
                raise Violation("order", f"order {number} to {device.hex()} counts as taken back, and was done")

    def _too_late(self, device: bytes) -> bool:
        """Has it said of a cancel that what it was for was done?"""
        said = too_late(Verdict.IN_USE.name.lower())
        return any(one == device and detail == said for (one, _), (_, detail) in self.answers.items())

    # --- firmware -------------------------------------------------------------------------------------------------

    def tries(self, terminal: str, release: int) -> None:
        """An image is about to run for the first time, or once more."""
        self.world.note("trial", terminal, release)
        self._tries[terminal, release] += 1
        if (terminal, release) in self._failed:
            raise Violation("firmware", f"{terminal} tries release {release}, which has failed there")
        if self._tries[terminal, release] > TRIES_MAX:
            raise Violation("firmware", f"{terminal} tries release {release} a {self._tries[terminal, release]}th time")

    def booted(self, terminal: str, model: int, named: int, runs: int) -> None:
        """A terminal has begun. named: the release that it will say; runs: that of the program."""
        self.world.note("boots", terminal, named)
        self._stopped_s.pop(terminal, None)
        if named != runs:
            raise Violation("firmware", f"{terminal} says release {named} and runs {runs}")
        if runs != BUILT_IN and (model, runs) not in self.good:
            raise Violation("firmware", f"{terminal} runs release {runs}, which does not pass")
        if runs < self._ran.get(terminal, BUILT_IN):
            raise Violation("firmware", f"{terminal} ran release {self._ran[terminal]} and runs {runs} now")
        self._ran[terminal] = runs

    def _firmware_lost(self, terminal: str) -> None:
        """The image in use has rotted, or the notes about what was tried."""
        self._ran.pop(terminal, None)
        for one in [key for key in self._tries if key[0] == terminal]:
            del self._tries[one]
        self._failed = {one for one in self._failed if one[0] != terminal}

    # --- age ------------------------------------------------------------------------------------------------------

    def catching_up(self, terminal: str, *, is_stopped: bool) -> None:
        """Somebody looks whether this terminal refuses to sell because its hotlist is old. The minute begins anew when
        it has a newer one, or was switched off."""
        if not is_stopped:
            return
        since_s = self._stopped_s.setdefault(terminal, self.world.now_s)
        self.world.note("catching up", terminal)
        if self.world.now_s - since_s > CATCH_UP_S + SLACK_S:
            raise Violation("catching", f"{terminal} sells nothing for {self.world.now_s - since_s:.0f} s")


def _which(head: Head) -> Which:
    return int(head.kind), bytes(head.scope)


def _mark(head: Head) -> Mark:
    return Mark(head.generation, head.digest)


def _text(which: Which, mark: Mark) -> str:
    kind, whom = which
    name = DocumentKind(kind).name.lower()
    return f"{name} {mark.generation} ({mark.digest[:3].hex()})" + (f" of {Scope(whom).hex()}" if any(whom) else "")


_HEAD_SIZE = len(Head(1, DocumentKind.HOTLIST, CAMPUS, 1, 0, 0, bytes(32)).encode())
