"""An edge box in the world: the real core and the real outbox, and what the agent does with their effects.

Killed, it loses what is in memory and the open transaction; the same database is opened again.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Protocol

from edge.box.box import Box
from edge.box.up.signature import ack_verifier
from edge.box.up.uplink import Verify
from edge.box.values.effects import Command, Effect, Now, Publish, Put, Send, Settle
from edge.link.port import Peer
from edge.outbox.group import commit_group
from edge.outbox.store import KEEP_MS, OutboxStore
from edge.outbox.writer import turned_away
from edge.settings import BoxSettings
from shared.errors import StoreFault
from shared.ids import StoreId
from shared.wire import topics
from shared.wire.messages import BoxState, SignedAck, encode_state, revocations_mark
from tests.sim.box_releases import BoxReleases
from tests.sim.clock import Clock
from tests.sim.disk import PowerCut
from tests.sim.faults import Faults
from tests.sim.judge import Judge
from tests.sim.network import Broker, Stream
from tests.sim.world import World

TICK_S = 0.5
KEPT_MAX = 1_000
"""A budget of settled rows that a day can reach."""
SYNC_S = 0.002
RETRY_S = 1.0


class Down(Protocol):
    """The way to one peer; device: who is there."""

    device: bytes

    def send(self, message: bytes) -> None: ...


class SimConnection:
    """The outbox's database in memory. `at` is called around each COMMIT and may raise PowerCut, or what SQLite says
    when its file cannot be written: then nothing is committed."""

    def __init__(self, at: Callable[[str], None]) -> None:
        self.raw = sqlite3.connect(":memory:", isolation_level=None)
        self.added = self.marked = self.dropped = False
        """Which statements there were since their watcher looked: rows stored, rows marked as settled, rows dropped."""
        self.full = False
        self._at = at
        self._settles = False

    def execute(self, sql: str, values: Any = (), /) -> Any:
        """Run a statement; a COMMIT is a crash point on both sides."""
        if sql == "COMMIT":
            return self._commit()
        kind = _kind(sql)
        if kind is not Sql.READS:
            self._note(kind)
        return self.raw.execute(sql, values)

    def executemany(self, sql: str, values: Any, /) -> Any:
        """Run a statement for many rows."""
        self._note(_kind(sql))
        return self.raw.executemany(sql, values)

    def crash(self) -> None:
        """The open transaction is gone."""
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")
        self._settles = False

    def close(self) -> None:
        """The database outlives its users."""

    def _note(self, kind: "Sql") -> None:
        if self.full:
            raise _disk_full()
        if kind is Sql.DROPS:
            self.dropped = True
        elif kind is Sql.ADDS:
            self.added = True
        elif kind is Sql.SETTLES:
            self._settles = self.marked = True

    def _commit(self) -> Any:
        what = "settle" if self._settles else "outbox"
        self._settles = False
        self._at(f"{what}.before_commit")
        done = self.raw.execute("COMMIT")
        self._at("committed")
        self._at(f"{what}.after_commit")
        return done


class Sql(Enum):
    """What a statement does, as far as somebody watches it."""

    READS = auto()
    ADDS = auto()
    DROPS = auto()
    SETTLES = auto()
    WRITES = auto()


@lru_cache(maxsize=256)
def _kind(sql: str) -> Sql:
    if sql.startswith(("SELECT", "PRAGMA", "BEGIN", "ROLLBACK", "SAVEPOINT", "RELEASE")):
        return Sql.READS
    if sql.startswith("DELETE FROM record"):
        return Sql.DROPS
    if " settled " in sql:
        return Sql.SETTLES
    return Sql.ADDS if " record " in sql else Sql.WRITES


def _disk_full(code: int = sqlite3.SQLITE_FULL) -> sqlite3.OperationalError:
    fault = sqlite3.OperationalError("database or disk is full")
    fault.sqlite_errorcode = code
    return fault


class EdgePart:
    """One box. Subclasses plant defects."""

    connection: type[SimConnection] = SimConnection
    releases_of: type[BoxReleases] = BoxReleases

    def __init__(
        self, world: World, clock: Clock, faults: Faults, judge: Judge, broker: Broker, settings: BoxSettings
    ) -> None:
        self.settings = replace(settings, outbox=replace(settings.outbox, settled_max=faults.settled_max))
        self.name = settings.box
        self.alive = False
        self.box: Box | None = None
        self.downs: dict[tuple[str, Peer], Down] = {}
        self.uplink_cut = False
        self.lines: list[Callable[[], None]] = []
        self.world, self.clock, self.faults, self.judge, self.broker = world, clock, faults, judge, broker
        self._database = self.connection(self._at)
        self._store: OutboxStore | None = None
        self._queue: list[Command] = []
        self._flushing = False
        self._life = 0
        self._up: Stream | None = None
        self._back: Stream | None = None
        self._peers = 0
        self.releases: BoxReleases | None = None
        judge.outbox(self.name)

    def change_releases(self) -> None:
        """From its first start on it takes other releases."""
        self.releases = self.releases_of(self.world, self.clock, self.name, self)

    # --- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Power on."""
        self._life += 1
        try:
            if self.releases is not None:
                self.releases.start()
            self._store = OutboxStore(self._database, self.settings.outbox, self.world.bytes(8))
            self.box = Box(self.settings, self._store.snapshot(), self.world.bytes, self._verifier)
        except (PowerCut, StoreFault):
            self.kill()
            return
        self.alive = True
        self.world.note("edge up", self.name)
        self.world.after(self.world.between(0.1, 0.5), self._connect, self._life)
        self.world.after(TICK_S, self._tick, self._life)

    def _verifier(self, public: bytes) -> Verify:
        """The first ack of a life is verified in full, so the key is the right one; then those that the ledger's seal
        has made need not be again: the signature of an honest signer is as good as the key. All others are.
        """
        verify, signed, proven = ack_verifier(public), self.judge.signed, False

        def is_genuine(ack: SignedAck) -> bool:
            nonlocal proven
            if proven and (ack.body, ack.signature) in signed:
                return True
            genuine = verify(ack)
            proven = proven or genuine
            return genuine

        return is_genuine

    def kill(self) -> None:
        """Power off, at any moment; it comes back by itself."""
        self.world.note("edge killed", self.name)
        self._life += 1
        self.alive = False
        self.box = self._store = None
        self._queue.clear()
        self._flushing = False
        self._database.crash()
        self._hang_up()
        for lost in self.lines:
            lost()
        self.world.after(self.world.between(0.5, 6.0), self._restart, self._life)

    def rot(self) -> None:
        """Power off, and while it is away a bit of a row flips that is still owed."""
        self.kill()
        if not self._is_made():  # destroyed, and not begun again
            return
        owed = "SELECT row, body FROM record WHERE NOT EXISTS (SELECT 1 FROM settled WHERE row BETWEEN low AND high)"
        rows = self._database.raw.execute(owed).fetchall()
        if rows:
            row, body = self.world.random.choice(rows)
            bit = 1 << self.world.random.randrange(8 * len(body))
            flipped = (int.from_bytes(body, "big") ^ bit).to_bytes(len(body), "big")
            self.world.note("outbox rot", self.name, row)
            self.judge.outbox_rotten(self.name, row)
            self.flipped(row, flipped)

    def flipped(self, row: int, body: bytes) -> None:
        """The medium has other bytes now."""
        self._database.raw.execute("UPDATE record SET body = ? WHERE row = ?", (body, row))

    def close(self) -> None:
        """The world ends."""
        self._database.raw.close()
        if self.releases is not None:
            self.releases.close()

    def destroy_outbox(self) -> None:
        """The folder of the outbox is gone, and the box begins with an empty one."""
        self.world.note("outbox destroyed", self.name)
        self.judge.outbox_destroyed(self.name)
        self.kill()
        self._database.raw.close()
        self._database = self.connection(self._at)

    def kept_ack(self) -> bytes:
        """Signature and body of the ledger ack on its disk; empty when there is none."""
        if not self._is_made():
            return b""
        rows = self._database.raw.execute("SELECT value FROM about WHERE name = 'ack'").fetchall()
        return bytes(rows[0][0]) if rows else b""

    def _is_made(self) -> bool:
        return bool(self._database.raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'record'").fetchall())

    def owes(self) -> int:
        """Rows that the ledger has not named; a box that is off owes one."""
        return 1 if self._store is None else self._store.depth().unsettled

    def disk(self, *, full: bool) -> None:
        """The disk has no room, or has it again. The box drops settled rows when it has time."""
        self.world.note("disk full" if full else "disk has room", self.name)
        self._database.full = full

    def _restart(self, life: int) -> None:
        if life == self._life and not self.alive:
            self.start()

    def _at(self, point: str) -> None:
        if point == "committed":
            self.judge.outbox_committed(self.name, self._database)
        elif point in self.faults.points and self.world.chance(self.faults.points[point]):
            self.world.note(f"at {point}", self.name)
            raise PowerCut
        elif point.endswith(".before_commit") and self._strikes(self.faults.commit_fails):
            self.world.note("commit failed", self.name)
            raise _disk_full(self.world.random.choice((sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_FSYNC)))

    def _strikes(self, share: float) -> bool:
        return share > 0 and self.world.chance(share)

    # --- terminals ------------------------------------------------------------------------------------------------

    def new_peer(self) -> Peer:
        """A number for a connection, never used again."""
        self._peers += 1
        return self._peers

    def peer(self, link: str, peer: Peer, down: Down | None) -> None:
        """A peer came (with the way back to it) or went."""
        if down is None:
            self.downs.pop((link, peer), None)
        else:
            self.downs[(link, peer)] = down
        if self.box is not None:
            self._do(self.box.on_peer(self._now(), link, peer, down is not None))

    def hear(self, link: str, peer: Peer, message: bytes) -> None:
        """A message from a terminal."""
        if self.box is not None:
            self._do(self.box.on_message(self._now(), link, peer, message))

    # --- effects --------------------------------------------------------------------------------------------------

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            self.judge.answers.done(self.name, effect, self.clock.unix_ms())
            if isinstance(effect, Send):
                self._send(effect)
            elif isinstance(effect, Publish):
                self._publish(effect)
            else:
                self._enqueue(effect)

    def _send(self, effect: Send) -> None:
        down = self.downs.get((effect.link, effect.peer))
        if down is not None:
            self.judge.down(self.name, down.device, effect.message)
            down.send(effect.message)

    def _enqueue(self, command: Command) -> None:
        if self.box is not None and self._strikes(self.faults.queue_full):
            self.world.note("queue full", self.name)
            self._do(self.box.on_outcomes(self._now(), [turned_away(command)]))
            return
        self._queue.append(command)
        if not self._flushing:
            self._flushing = True
            slow = self.world.between(0, self.faults.slow_sync_s) if self.faults.slow_sync_s else 0.0
            self.world.after(SYNC_S + slow, self._flush, self._life)

    def _flush(self, life: int) -> None:
        if life != self._life or self._store is None or self.box is None:
            return
        self._flushing = False
        commands, self._queue = self._queue, []
        try:
            outcomes = commit_group(self._store, commands, lambda: False)
        except PowerCut:
            self.kill()
            return
        self._note_group(commands)
        self._do(self.box.on_outcomes(self._now(), outcomes))

    def _note_group(self, commands: list[Command]) -> None:
        puts = sum(isinstance(command, Put) for command in commands)
        for command in commands:
            if isinstance(command, Settle):
                self.judge.settled_here(self.name, command)
        self.world.note("outbox", self.name, puts, len(commands))

    def _tick(self, life: int) -> None:
        if life != self._life or self.box is None:
            return
        self._do(self.box.tick(self._now()))
        if self.judge.books.theft is not None:
            self._tell_state()
        self._keep_house()
        if life == self._life:
            self.world.after(TICK_S, self._tick, life)

    def _tell_state(self) -> None:
        """What the agent says every two seconds; here only where somebody listens for it."""
        if self.box is None or self._up is None or self.world.chance(0.7):
            return
        store, marked = self._store.store if self._store else StoreId(b""), revocations_mark(self.box.revocations)
        state = BoxState(self.settings.box, store, self._now().unix_ms, True, 0, 0, 0, 0, 0, (), marked)
        payload = encode_state(state)
        self.judge.state_told(self.name, payload)
        self._up.send(Publish(topics.STATE, payload, 0))

    def _keep_house(self) -> None:
        """What the outbox's writer does when it is idle: settled rows over their budget go, and old ones that a backup
        has."""
        is_due = self.faults.backups or self.settings.outbox.settled_max <= KEPT_MAX
        if self._store is None or not is_due or self.world.chance(0.8):
            return
        old_ms = 2 * KEEP_MS if self.faults.backups else 0
        try:
            self._store.begin()
            dropped = self._store.drop_settled(self._now().unix_ms + old_ms)
            self._store.commit()
            if old_ms and dropped.rows:
                self.world.note("old rows dropped", self.name, dropped.rows)
        except StoreFault:
            self._store.rollback()
        except PowerCut:
            self.kill()

    def _now(self) -> Now:
        return self.clock.edge(self.faults.edge_clock_off_s)

    # --- broker ---------------------------------------------------------------------------------------------------

    def hang_up(self) -> None:
        """The connection to the broker breaks; the box notices a little later."""
        if self._up is None:
            return
        self._hang_up()
        self.world.note("uplink lost", self.name)
        self.world.after(self.world.between(0.0, 3.0), self._noticed, self._life)

    def _noticed(self, life: int) -> None:
        if life != self._life or self.box is None:
            return
        self._do(self.box.on_disconnected(self._now()))
        self.world.after(self.world.between(0.3, RETRY_S), self._connect, life)

    def _hang_up(self) -> None:
        for stream in (self._up, self._back):
            if stream is not None:
                stream.close()
        self._up = self._back = None
        for lane in topics.DOWNWARD:
            self.broker.deafen(self._topic(lane))

    def _connect(self, life: int) -> None:
        if life != self._life or self.box is None or self._up is not None:
            return
        if self.uplink_cut or not self.broker.up:
            self.world.after(RETRY_S, self._connect, life)
            return
        self._up = Stream(self.world, self.faults.uplink, self._at_broker)
        self._back = Stream(self.world, self.faults.uplink, self._back_here)
        for lane in topics.DOWNWARD:
            self.broker.listen(self._topic(lane), self._downlink(lane, self._back))
        self.world.note("uplink", self.name)
        self._do(self.box.on_connected(self._now()))

    def _downlink(self, lane: str, back: Stream) -> Callable[[bytes], None]:
        return lambda payload: back.send((lane, payload, 0))

    def _publish(self, effect: Publish) -> None:
        if self.judge.fleet is not None and effect.lane == topics.UP_NOW:
            self.judge.fleet.published(self.name, effect.payload, self._database.raw)
        if self._up is not None:
            self._up.send(effect)

    def _at_broker(self, effect: Publish) -> None:
        self.broker.publish(self._topic(effect.lane), effect.lane, effect.payload)
        if self._back is not None and effect.token:
            self._back.send(("", b"", effect.token))

    def _back_here(self, message: tuple[str, bytes, int]) -> None:
        if self.box is None:
            return
        lane, payload, token = message
        if lane:
            self._do(self.box.on_downlink(self._now(), lane, payload))
        else:
            self._do(self.box.on_published(self._now(), token, 0))

    def topic_of(self, lane: str) -> str:
        """Where it speaks and listens."""
        return self._topic(lane)

    def _topic(self, lane: str) -> str:
        return topics.topic(self.settings.partition, self.settings.box, lane)
