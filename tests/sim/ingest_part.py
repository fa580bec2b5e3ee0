"""The ingest in the world: the real lanes, clerk and ledger, over a broker session and a database that outlives it.

What the process does with threads is one event here: take work, let its time pass, commit, send the letters, PUBACK.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from cloud.fleet.centre import Centre
from cloud.ingest.clerk import Clerk
from cloud.ingest.pauses import pause_s
from cloud.ingest.quotas.admission import Admission
from cloud.ingest.quotas.notices import Notices
from cloud.ingest.seal import AckSeal
from cloud.ingest.tally import Tally
from cloud.ingest.thread import AWAY
from cloud.ingest.ticket import Arrival, Letter, Money, Now, States, Ticket, Work, parts_of
from cloud.keys.faults import KeyProcessAway, KeyRefused
from cloud.ledger.checks.money.findings import check_closing, check_findings
from cloud.ledger.fleet.owing import fleet
from cloud.ledger.held.losses.waiting import Waiting, refusals, waiting_in
from cloud.ledger.held.thefts import Report
from cloud.ledger.journal.mark_rows import BoxKey
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.shown import exposure as read_exposure
from cloud.ledger.read.shown import story as read_story
from cloud.ledger.read.shown.risk import Risk
from cloud.ledger.read.shown.story import Story
from cloud.ledger.receive.backup_marks import BackupMarks, rows_held
from cloud.ledger.records.values import Now as LedgerNow
from cloud.online.answers import OnlineAnswers
from cloud.online.load import LoadAnswers, LoadCounts
from cloud.online.payment import PaymentAnswers, PaymentCounts
from cloud.store.db import Database, Row, SqliteDatabase
from provisioning.process.operations import KeyOperations
from shared.errors import StoreFault, WireFault
from shared.fleet.document import Head, SignedHead
from shared.ids import CardId
from shared.keys.document_key import DocumentKey, document_key
from shared.online import LOADS, parse_request
from shared.purse.load_auth import LoadAuth
from shared.purse.tac import ITEM_SIZE
from shared.wire import codec
from shared.wire.keyproc import Op
from shared.wire.messages import OnlineRequest, revocations_mark
from shared.wire.topics import DOWN_MONEY, DOWN_NOW, STATE, UP_MONEY, UP_NOW
from tests.sim.blueprint import Blueprint
from tests.sim.clock import Clock
from tests.sim.disk import PowerCut
from tests.sim.faults import Faults
from tests.sim.judge import Judge
from tests.sim.network import Broker
from tests.sim.turns_law import WatchedLanes
from tests.sim.world import World

NOW_SESSION, MONEY_SESSION = "now", "money"
WORK_S = 0.004
CHORES_S = 2.0
LOOK_S = 0.2
"""As the ingest's own process."""


class KeysHere:
    """The key process without its socket; sometimes away."""

    def __init__(self, operations: KeyOperations, world: World, faults: Faults) -> None:
        self._operations, self._world, self._faults = operations, world, faults
        self.tacs: dict[bytes, int] = {}
        self.loads: dict[LoadAuth, bool] = {}
        """What it has said so far: of each TAC item, and of each card's MAC1."""

    def check_tac(self, items: bytes) -> bytes:
        """As KeyClient."""
        verdicts = bytes(self._ask(Op.TAC, items))
        self.tacs.update(zip(tac_items(items), verdicts, strict=True))
        return verdicts

    def load_check(self, auth: LoadAuth) -> bool:
        """As KeyClient."""
        is_the_cards = self.loads[auth] = bool(self._ask(Op.LOAD_CHECK, *auth))
        return is_the_cards

    def load_mac2(self, auth: LoadAuth, time_s: int) -> bytes:
        """As KeyClient."""
        return bytes(self._ask(Op.LOAD_MAC2, *auth, time_s))

    def sign_document(self, head: Head) -> SignedHead:
        """As KeyClient."""
        raw = head.encode()
        return SignedHead(raw, bytes(self._ask(Op.SIGN_LIST, raw)))

    def document_keys(self) -> list[DocumentKey]:
        """As KeyClient."""
        return [document_key(*row) for row in self._ask(Op.DOCUMENT_KEYS)]

    def _ask(self, *request: object) -> Any:
        if self._world.chance(self._faults.keys_away):
            raise KeyProcessAway("the key process is away")
        granted, result = codec.loads(self._operations.answer(codec.dumps(list(request))))
        if not granted:
            raise KeyRefused(str(result))
        return result


def tac_items(items: bytes) -> list[bytes]:
    """One by one."""
    return [items[at : at + ITEM_SIZE] for at in range(0, len(items), ITEM_SIZE)]


class SimDatabase(SqliteDatabase):
    """The ledger's database in memory: outlives its users; COMMIT is a crash point on both sides."""

    def __init__(self, connection: sqlite3.Connection, at: Callable[[str], None]) -> None:
        self.connection = connection
        self._at = at
        self._writes = False
        self._added = False
        """Records, postings or documents, since the last commit."""

    def insert(self, table: str, columns: str, rows: Sequence[Row]) -> None:
        """As the real one."""
        self._added = self._added or table in ("record", "posting", "document")
        super().insert(table, columns, rows)

    def close(self) -> None:
        """The database stays."""

    def _begin(self, *, write: bool) -> None:
        self._writes = write
        super()._begin(write=write)

    def _end(self, *, commit: bool) -> None:
        watched = self._writes and commit and self.connection.in_transaction
        if watched:
            self._at("ledger.before_commit")
        super()._end(commit=commit)
        if watched:
            if self._added:
                self._added = False
                self._at("committed")
            self._at("ledger.after_commit")


def copy_of(database: sqlite3.Connection) -> sqlite3.Connection:
    """Another database with the same content."""
    copy = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
    database.backup(copy)
    return copy


def _is_load(request: OnlineRequest) -> bool:
    try:
        return parse_request(request.payload).purpose in LOADS
    except WireFault:
        return True


TOLD_MAX = 3
"""Movements of a card's story that are told one by one."""


class IngestPart:
    """The ingest and its ledger. Subclasses plant defects."""

    form: type[SimDatabase] = SimDatabase

    def __init__(
        self, world: World, clock: Clock, faults: Faults, judge: Judge, broker: Broker, plan: Blueprint,
        database: sqlite3.Connection,
    ) -> None:  # fmt: skip
        self.world, self.clock, self.faults, self.judge, self.broker = world, clock, faults, judge, broker
        self.database = database
        self.requests: list[tuple[str, OnlineRequest, LedgerNow]] = []
        """Requests of loads with the time at which they were worked on."""
        self._counts = LoadCounts()
        self.tally = Tally()
        self.alive = False
        self.ledger: Ledger | None = None
        self._plan = plan
        self.keys = KeysHere(plan.key_operations(), world, faults)
        self._has_documents = faults.theft or judge.fleet is not None
        """The list of stolen devices is one. No other seed has any."""
        self._lanes = self.lanes()
        self.notices = Notices()
        self._admission = Admission(self._lanes, self.notices, lambda: world.now_s)
        self._clerk: Clerk | None = None
        self._life = 0
        self._connection = 0
        self._working = False
        self._failures = 0

    # --- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Power on."""
        self._life += 1
        self.alive = True
        self.ledger = self.open(self.database, self._at)
        self._lanes = self.lanes()
        self.notices = Notices()
        self._admission = Admission(self._lanes, self.notices, lambda: self.world.now_s)
        self._working = False
        self._counts = LoadCounts()
        online = OnlineAnswers(
            LoadAnswers(self.keys, self.ledger, self._counts), PaymentAnswers(self.keys, self.ledger, PaymentCounts())
        )
        self._clerk = Clerk(
            self.ledger, self.keys.check_tac, online, AckSeal(self._plan.ack_key), self.now, self.tally,
            centre=self._centre(self.ledger),
        )  # fmt: skip
        self.world.note("ingest up")
        self.connect()
        self.world.after(CHORES_S, self._chores, self._life)
        if self._has_documents:
            self.world.after(LOOK_S, self._look, self._life)

    def _centre(self, ledger: Ledger) -> Centre | None:
        """Of documents, in a seed that has any."""
        return Centre(ledger.opened, self.keys) if self._has_documents else None

    def lanes(self) -> WatchedLanes:
        """Those of one life."""
        return WatchedLanes(self.world)

    def open(self, database: sqlite3.Connection, at: Callable[[str], None]) -> Ledger:
        """The ledger over a database; `at` is called around each commit."""
        return Ledger(OpenedLedger(self.form(database, at)))

    def kill(self) -> None:
        """Power off, at any moment; it comes back by itself."""
        self.world.note("ingest killed")
        self._life += 1
        self.alive = False
        self.ledger = self._clerk = None
        if self.database.in_transaction:
            self.database.execute("ROLLBACK")
        self.broker.detach(NOW_SESSION)
        self.broker.detach(MONEY_SESSION)
        self.world.after(self.world.between(0.5, 5.0), self._restart, self._life)

    def close(self) -> None:
        """The world ends."""
        self.database.close()

    def psam_stolen(self, report: Report) -> tuple[int, tuple[int, int]]:
        """The command: a process of its own over the same database. The last record there, and the list's mark."""
        ledger = Ledger(OpenedLedger(SimDatabase(self.database, lambda point: None)))
        ledger.psam_stolen(report, self.now())
        ((last,),) = self.database.execute("SELECT COALESCE(MAX(id), 0) FROM record").fetchall()
        return last, revocations_mark(ledger.revocations)

    def hotlist(self, card: bytes) -> None:
        """The command: something that stands in the books alone. A card that is listed already is unlisted."""
        ledger = Ledger(OpenedLedger(SimDatabase(self.database, lambda point: None)))
        if not ledger.set_hotlisted(CardId(card), True, self.now()):
            ledger.set_hotlisted(CardId(card), False, self.now())

    def backed_up(self, copy: sqlite3.Connection) -> None:
        """The command: this copy is archived and verified."""
        rows = self.rows_backed_up(copy)
        self.judge.backed_up(copy)
        opened = OpenedLedger(SimDatabase(self.database, lambda point: None))
        BackupMarks(opened).cover(rows, self.now().unix_ms, self.now())

    def rows_backed_up(self, copy: sqlite3.Connection) -> Mapping[BoxKey, int]:
        """What the copy holds of each box."""
        return rows_held(SimDatabase(copy, lambda point: None))

    def waits_for(self, db: Database, card: bytes, since_ms: int, gone: frozenset[bytes]) -> list[Waiting]:
        """For which terminals the release of a card waits that is listed since then. Inside of a snapshot."""
        return waiting_in(fleet(db), since_ms, gone, refusals(db, [card]).get(card, {}), is_lost=True)

    def put_back(self, copy: sqlite3.Connection) -> None:
        """The ledger is an older copy now."""
        self.world.note("ledger put back")
        self.kill()
        self.database.close()
        self.database = copy
        self.judge.ledger_put_back(copy)

    def connect(self) -> None:
        """Both sessions, first or again."""
        if not self.alive or not self.broker.up:
            return
        self._connection += 1
        number = self._connection
        self.broker.subscribe(NOW_SESSION, frozenset((UP_NOW, STATE)), self._taker(NOW_SESSION, number))
        self.broker.subscribe(MONEY_SESSION, frozenset((UP_MONEY,)), self._taker(MONEY_SESSION, number))

    def disconnected(self) -> None:
        """The broker is gone: what it brought can no longer be PUBACKed."""
        for session in (NOW_SESSION, MONEY_SESSION):
            self._lanes.drop(session, self._connection)

    def now(self) -> LedgerNow:
        """The cloud's clocks are right."""
        return LedgerNow(self.clock.unix_ms(), self.clock.campus_s())

    def story(self, ledger: Ledger, label: str) -> Story | None:
        """A card's, so few movements by themselves that others are one sum. Inside of a snapshot."""
        return read_story.story(ledger.database, label, TOLD_MAX, self.now())

    def closing(self, ledger: Ledger) -> str:
        """What is wrong with findings and rows of cards that do not close; empty: nothing."""
        with ledger.database.reading():
            return check_findings(ledger.database).broken or check_closing(ledger.database).broken

    def exposure(self, ledger: Ledger, at: LedgerNow) -> Risk:
        """As the reader tells it."""
        with ledger.database.reading():
            return read_exposure.exposure(ledger.database, at)

    def _restart(self, life: int) -> None:
        if life == self._life:
            self.start()

    def _at(self, point: str) -> None:
        if point == "committed":
            self.judge.ledger_committed(self.database)
            return
        if point == "ledger.before_commit" and self.world.chance(self.faults.store_away):
            raise StoreFault("the database is away")
        if point in self.faults.points and self.world.chance(self.faults.points[point]):
            self.world.note(f"at {point}")
            raise PowerCut

    def _chores(self, life: int) -> None:
        if life == self._life and self.ledger is not None:
            ledger, clerk = self.ledger, self._clerk
            self._guard(lambda: ledger.find_differences(self.now()))
            if clerk is not None and life == self._life:
                self._guard(lambda: self._deliver(clerk.witnessed(), ()))
            self.world.after(CHORES_S, self._chores, life)

    def _look(self, life: int) -> None:
        """What was made goes out."""
        if life == self._life and self._clerk is not None:
            clerk = self._clerk
            self._guard(lambda: self._looked(clerk.looked()))
            self.world.after(LOOK_S, self._look, life)

    def _looked(self, letters: Sequence[Letter]) -> None:
        if letters:
            self._deliver(letters, ())

    def _guard(self, call: Callable[[], object]) -> None:
        try:
            call()
        except AWAY:
            self.world.note("away")
        except PowerCut:
            self.kill()

    # --- messages -------------------------------------------------------------------------------------------------

    def _taker(self, session: str, connection: int) -> Callable[[int, str, bytes], None]:
        life = self._life

        def take(number: int, topic: str, payload: bytes) -> None:
            if life == self._life and connection == self._connection:
                self._take(session, number, Arrival(session, connection, topic, payload))

        return take

    def _take(self, session: str, number: int, arrival: Arrival) -> None:
        refused = self.notices.refused.total()
        if not self._admission.take(arrival, lambda: self.broker.puback(session, number)):
            if self.notices.refused.total() > refused:
                self.world.note("message refused")
            self.broker.puback(session, number)
        self._work_soon()

    def _work_soon(self) -> None:
        if not self._working:
            self._working = True
            slow = self.world.between(0, self.faults.slow_ledger_s) if self.faults.slow_ledger_s else 0.0
            self.world.after(WORK_S + slow, self._work, self._life)

    def _work(self, life: int) -> None:
        if life != self._life or self._clerk is None:
            return
        self._working = False
        work = self._lanes.next()
        if work is None:
            wait_s = self._lanes._wake_in_s()
            if wait_s is not None:
                self._working = True
                self.world.after(wait_s + 1e-6, self._work, life)
            return
        try:
            self._do(self._clerk, work)
        except PowerCut:
            self.kill()
            return
        self._work_soon()

    def _do(self, clerk: Clerk, work: Work) -> None:
        if isinstance(work, Money):
            self._try(lambda: clerk.money(work.tickets), work.tickets, lambda: work)
        elif isinstance(work, Now):
            self._now_turn(clerk, work)
        elif isinstance(work, States):
            self._guard(lambda: self._deliver(clerk.states(work), ()))

    def _now_turn(self, clerk: Clerk, work: Now) -> None:
        """As LedgerThread; a part that fails is a crash here, so none is tried message by message."""
        waiting = deque(parts_of(work.tickets))
        while waiting:
            part, granted = waiting[0], self._counts.granted
            left = [ticket for one in waiting for ticket in one]
            call = partial(clerk.together, part) if len(part) > 1 else partial(clerk.now, part[0])
            if not self._try(call, part, partial(Now, tuple(left))):
                return
            waiting.popleft()
            self._hear_requests(part, granted)

    def _hear_requests(self, part: Sequence[Ticket], granted: int) -> None:
        for ticket in part:
            if isinstance(ticket.body, OnlineRequest) and ticket.address is not None and _is_load(ticket.body):
                self.requests.append((ticket.address.box, ticket.body, self.now()))
                if self._counts.granted > granted and not self._links_straggle():
                    self.judge.granted(ticket.body)

    def _links_straggle(self) -> bool:
        """The box counts a terminal's patience from the arrival of its request; a slow link adds to it."""
        return bool(self.faults.wire.straggle or self.faults.stream.straggle)

    def _try(
        self, call: Callable[[], list[Letter]], tickets: Sequence[Ticket], back: Callable[[], Money | Now]
    ) -> bool:
        try:
            letters = call()
        except AWAY as fault:
            self.world.note("away", type(fault).__name__)
            self._failures += 1
            self._lanes.give_back(back(), pause_s(self._failures - 1))
            return False
        self._failures = 0
        self._deliver(letters, tickets)
        return True

    def _deliver(self, letters: Sequence[Letter], tickets: Sequence[Ticket]) -> None:
        self.world.note("ledger", len(tickets), len(letters))
        for letter in letters:
            if letter.lane == DOWN_MONEY:
                self.judge.ledger_ack(letter.payload)
            elif letter.lane == DOWN_NOW:
                self.judge.answers.told(letter.topic, letter.payload)
            self.broker.publish(letter.topic, letter.lane, letter.payload)
            self._at("ledger.after_ack")
        for ticket in tickets:
            ticket.done()
