"""Outbox rows to the ledger, and the ledger's signed ack back to the outbox: the lane `money`. Pure.

Oldest first, in batches of contiguous rows, within the credit that the ledger grants. PUBACK frees nothing: a row is
settled only when a signed ack names both its outbox row and its (device, epoch, seq), or names the row apart: answered
without its device, of whose terminal nothing is believed then. Everything unsettled is sent again after a reconnect,
and after a silence; the ledger answers duplicates.
"""

from collections import Counter, deque
from collections.abc import Callable

from edge.box.terminals.terminals import Tell
from edge.box.up.greeting import Greeting
from edge.box.up.now_lane import Perishable, TokenSource
from edge.box.values.effects import Effect, KeepBackupMark, Now, Publish, Read, Row, Rows, Settle, Snapshot, Unsettle
from edge.box.values.ranges import Ranges
from edge.box.values.sequences import Sequences
from edge.box.values.streams import Ref, Stream, ref_of, stream_of
from edge.settings import BoxSettings
from shared.facts.boxes import (
    AckForged,
    AckForOtherBox,
    LedgerBehind,
    LedgerChanged,
    LedgerSilent,
    NotSettledHere,
    NotUnsettledHere,
    PublishRefused,
    Recovery,
)
from shared.ids import LedgerId, StoreId
from shared.wire import topics
from shared.wire.form.versions import OF_BOX, RANDOM_SIZE, nonce_of
from shared.wire.messages import (
    BATCH_MAX,
    FORM_3,
    RANGES_MAX,
    AckBody,
    BackupMark,
    Batch,
    DeviceMark,
    Hello,
    Range,
    Recover,
    SignedAck,
    decode_ack,
    decode_ack_body,
    encode_batch,
)

WINDOW_MAX = 8
"""Batches without a ledger ack. A full window makes the next batches larger, instead of a wait."""
FIRST_CREDIT = 2000
"""Records in flight before the ledger has granted a credit on this connection."""
BUFFER_MAX = 4000
"""Rows held in memory between outbox and broker; beyond it, rows are read from the outbox when their turn comes."""
SILENCE_S = 10.0
SILENCE_MAX_S = 60.0
"""Without a ledger ack for so long everything is sent again; each time the patience doubles up to the maximum."""
BATCH_BYTES_MAX = 192 * 1024
"""Record bytes of one batch: with its envelope it stays below the largest message that the cloud accepts."""
LATENCIES_MAX = 4096
WANTED_AGAIN_S = 0.5
"""A new process of the ledger's holds our acks back until it has heard a Hello, so it is not kept waiting for long."""
HELLOS_MAX = 16
"""Hellos whose answer may still come; an answer to an older one is asked again."""
HELLO_AGAIN_S = 10.0
"""A ledger that speaks as if it were older or another is reminded of our highest ack, no oftener than this."""

Verify = Callable[[SignedAck], bool]
"""Is the signature of the ledger-ack key right?"""


class _Sent:
    __slots__ = ("came_ms", "open", "sent_s")

    def __init__(self, rows: list[Row], sent_s: float) -> None:
        self.open = {row.row: ref_of(row.stored) for row in rows}
        self.came_ms = rows[0].at_ms
        self.sent_s = sent_s


class Uplink:
    """The sender of one outbox. `hello_due`: the owner says Hello on `now` and clears it."""

    def __init__(
        self, settings: BoxSettings, snapshot: Snapshot, verify: Verify, tokens: TokenSource, tell: Tell,
        random: Callable[[int], bytes],
    ) -> None:  # fmt: skip
        self.counters: Counter[str] = Counter()
        self.hello_due = self._hello_asked = False
        self.latencies_ms: deque[int] = deque(maxlen=LATENCIES_MAX)
        """From a record's arrival to its ledger ack, of the oldest record of each batch."""
        self._settings = settings
        self._store = snapshot.store
        self._verify = verify
        self._tokens = tokens
        self._tell = tell
        self._random = random
        self._connected = False
        self._credit = FIRST_CREDIT
        self._silence_s = SILENCE_S
        self._greeting = Greeting()
        self._hello_s = self._published_s = float("-inf")
        self._hello_again_s = HELLO_AGAIN_S
        self._retry_s = self._unsettle_s = float("inf")
        self._unsettling: Unsettle | None = None
        """What a recovery asks of the store, until it is durable."""
        self._presented = 0
        self._hello_nonce = b""
        """Of the newest Hello, as long as no recovery has come since: a backup mark that answers another is old."""
        self._shown: dict[bytes, SignedAck | None] = {}
        """Which ack each of the last Hellos has shown, by its nonce."""
        self._sent: deque[_Sent] = deque()
        self._settling: list[Settle] = []
        """Settles that the store has not yet answered for, bounded by the rows that were in flight."""
        self._unacked: dict[int, None] = {}
        """Publications without PUBACK: while there are any, a silence is the broker's and nothing is repeated."""
        self._buffer: deque[Row] = deque()
        self._after = 0
        """Every unsettled row up to here is sent or in the buffer."""
        self._asked_upto = 0
        self._turn = 0
        self._reading = False
        self._floor = self._first = self._last_row = 0
        self.load(snapshot)
        self._known = _known(snapshot)
        """The ack that later ones must not fall short of; None before the first, and after a recovery."""

    def hello(self, now: Now) -> Perishable:
        """What to present on `now`: at a connect, when nobody answers, when the ledger seems older than our ack."""
        self.hello_due = self._hello_asked = False
        self._hello_again_s = HELLO_AGAIN_S
        self._hello_s = now.mono_s
        worth_s = self._greeting.said(now.mono_s)
        self._presented = decode_ack_body(self._ack.body).number if self._ack else 0
        nonce = self._hello_nonce = nonce_of(OF_BOX, self._random(RANDOM_SIZE))
        if len(self._shown) >= HELLOS_MAX:
            del self._shown[next(iter(self._shown))]
        self._shown[nonce] = self._ack
        hello = Hello(self._store, self._first - 1, self._last_row, self._ack, nonce)
        return Perishable(hello, now.mono_s + worth_s)

    def connected(self, now: Now) -> None:
        """A new connection: say Hello; all that is unsettled will be sent on it once that is answered."""
        self._connected = True
        self._greeting.begin(now.mono_s)
        self._credit = FIRST_CREDIT
        self._silence_s = SILENCE_S
        self._rewind()

    def refused(self, now: Now) -> None:
        """The ledger does not understand us: its unsigned word costs a minute, no record."""
        self._greeting.refused(now.mono_s)

    def disconnected(self) -> None:
        """No connection. What is in flight counts as unsent when there is one again."""
        self._connected = False

    def stored(self, rows: list[Row]) -> None:
        """Fresh rows are durable. They stay in memory if their turn is next, else they are read later."""
        for row in rows:
            if self._after == self._last_row and not self._reading and len(self._buffer) < BUFFER_MAX:
                self._buffer.append(row)
                self._after = row.row
            self._last_row = row.row

    def read(self, rows: Rows) -> None:
        """Rows that were asked for. Those of an earlier turn are not wanted any more."""
        if rows.read.turn != self._turn:
            return
        self._reading = False
        self._buffer.extend(rows.rows)
        # fewer than asked for: there is nothing unsettled up to the row that was last when we asked
        self._after = rows.rows[-1].row if len(rows.rows) >= rows.read.limit else max(self._asked_upto, self._after)

    def read_failed(self, now: Now) -> None:
        """The store could not be read; asked again after the silence."""
        self._retry_s = min(self._retry_s, now.mono_s + SILENCE_S)

    def published(self, now: Now, token: int, reason: int) -> None:
        """PUBACK; a reason of 128 and more is the broker's refusal (rights): told, tried again after the silence."""
        self._unacked.pop(token, None)
        if reason >= 0x80:
            self._tell(now, PublishRefused(topics.UP_MONEY, reason))

    def ack(self, now: Now, message: bytes) -> list[Effect]:
        """A message on down/money: what it settles. Malformed: WireFault."""
        signed = decode_ack(message)
        if not self._verify(signed):
            self._tell(now, AckForged())
            return []
        body = decode_ack_body(signed.body)
        if not self._is_ours(now, body):
            return []
        self._greeting.answered()
        if self._unsettling is not None or self._is_behind(now, body):
            return []
        self._credit = body.credit
        self._silence_s = SILENCE_S
        return self._settle(now, body, signed)

    def recover(self, now: Now, message: Recover, asked: bytes) -> list[Effect]:
        """The ledger is older than it was: forget what it has lost, and let no earlier ack settle it again.

        asked: the nonce of the Hello that it answers. One that showed less than is known by now is asked again: what
        is newest of the ledger that is gone must have been shown before it is forgotten.
        """
        if message.store != self._store:
            self.counters["recover_other_store"] += 1
            return []
        if asked not in self._shown or self._shown[asked] != self._ack:
            self.counters["recover_of_before"] += 1
            self.hello_due = True
            return []
        self._greeting.answered()
        self._tell(now, Recovery(message.row_cumulative + 1))
        if message.ledger == self._ledger:
            # it numbers on from above the ack that we presented: whatever is not above it is of before the loss
            self._floor = max(self._floor, self._presented + 1)
        else:
            self._adopt(message.ledger)
        self._known = None
        self._hello_nonce = b""
        self._rewind()
        self._unsettling = Unsettle(max(0, message.row_cumulative), message.ledger, self._floor)
        return [self._unsettling]

    def backed_up(self, mark: BackupMark, asked: bytes) -> list[Effect]:
        """How far this ledger is backed up: what to make durable. It counts as it is said, also when it is less than
        before: a ledger that was put back begins anew. Of another ledger or outbox, or of before a recovery: nothing.
        """
        is_ours = (mark.store, mark.ledger) == (self._store, self._ledger)
        if not is_ours or asked != self._hello_nonce or self._unsettling is not None:
            self.counters["backup_marks_of_before"] += 1
            return []
        return [KeepBackupMark(min(mark.row, self._last_row))]

    def unsettled(self, unsettle: Unsettle) -> None:
        """It is durable; what the store holds now was loaded."""
        if unsettle == self._unsettling:
            self._unsettling = None

    def unsettle_failed(self, now: Now, reason: str) -> None:
        """It could not be written down: tried again, and no ack settles anything before it is done."""
        self._unsettle_s = now.mono_s + SILENCE_S
        self._tell(now, NotUnsettledHere(reason))

    def load(self, snapshot: Snapshot) -> None:
        """Begin again from the oldest unsettled row of what the store holds now."""
        self.sequences: Sequences = snapshot.sequences
        self._ack: SignedAck | None = snapshot.ack
        self._witnessed = _witnessed(snapshot)
        """Numbers of both chains in the ack that is, or will be, on the disk, of this ledger."""
        self._ledger: LedgerId | None = snapshot.ledger
        self._floor = snapshot.floor
        self._first = snapshot.depth.first_unsettled
        self._last_row = snapshot.depth.last_row
        for settle in self._settling:  # they will be durable after this snapshot
            self.sequences.settle(settle.refs)
        self._rewind()

    def settled(self, settle: Settle, first_unsettled: int) -> None:
        """This settle is durable."""
        self._answered(settle)
        self.sequences.confirm(settle.refs)
        self.sequences.leave(settle.left)
        self._first = first_unsettled

    def settle_failed(self, now: Now, settle: Settle, reason: str) -> None:
        """It could not be written down; later its rows are sent again, and the ledger names them again."""
        self._answered(settle)
        self.sequences.reopen(settle.refs)
        self._witnessed = _NO_HEIGHTS
        self._retry_s = min(self._retry_s, now.mono_s + SILENCE_S)
        self._tell(now, NotSettledHere(reason))

    def tick(self, now: Now) -> None:
        """Send again after a silence that is not the broker's, and after a settle or a read that failed."""
        if now.mono_s >= self._retry_s:
            self._retry_s = float("inf")
            self._rewind()
        if self._connected and self._greeting.is_due(now.mono_s):
            self.hello_due = True
        if self._hello_asked:
            self._say_asked_hello(now)
        if not self._connected or not self._sent or self._unacked:
            return
        if now.mono_s - self._sent[0].sent_s < self._silence_s:
            return
        if self._silence_s >= SILENCE_MAX_S:
            self._tell(now, LedgerSilent())
        self._silence_s = min(self._silence_s * 2, SILENCE_MAX_S)
        self.counters["resends"] += 1
        self._rewind()

    def pump(self, now: Now) -> list[Effect]:
        """Batches that may go now, and a read when rows in memory run low."""
        out: list[Effect] = []
        if self._unsettling is not None and now.mono_s >= self._unsettle_s:
            self._unsettle_s = float("inf")
            out.append(self._unsettling)
        if not self._connected:
            return out
        if self._buffer and self._greeting.may_send(now.mono_s):
            out += self._send(now)
        if not self._reading and self._after < self._last_row and len(self._buffer) < BATCH_MAX:
            self._reading = True
            self._asked_upto = self._last_row
            out.append(Read(self._after, BUFFER_MAX - len(self._buffer), self._turn))
        return out

    def in_flight(self) -> int:
        """Rows without a ledger ack."""
        return sum(len(sent.open) for sent in self._sent)

    def _send(self, now: Now) -> list[Publish]:
        out: list[Publish] = []
        while self._buffer and len(self._sent) < WINDOW_MAX:
            rows = self._take(min(BATCH_MAX, self._allowed(now) - self.in_flight()))
            if not rows:
                break
            out.append(self._publish(now, rows))
        return out

    def _allowed(self, now: Now) -> int:
        """Credit; a ledger that grants none is tried with one record after each silence, or it could never grant."""
        if self._credit > 0 or now.mono_s - self._published_s < SILENCE_S:
            return self._credit
        return 1

    def _rewind(self) -> None:
        self._turn += 1
        self._reading = False
        self._sent.clear()
        self._unacked.clear()
        self._buffer.clear()
        self._after = self._first - 1
        self._asked_upto = 0

    def _take(self, most: int) -> list[Row]:
        """Contiguous rows from the front of the buffer."""
        rows: list[Row] = []
        size = 0
        while self._buffer and len(rows) < most and size < BATCH_BYTES_MAX:
            if rows and self._buffer[0].row != rows[-1].row + 1:
                break
            rows.append(self._buffer.popleft())
            size += len(rows[-1].stored)
        return rows

    def _publish(self, now: Now, rows: list[Row]) -> Publish:
        token = self._tokens.next()
        self._unacked[token] = None
        self._published_s = now.mono_s
        self._sent.append(_Sent(rows, now.mono_s))
        self.counters["batches"] += 1
        batch = Batch(self._store, rows[0].row, tuple(row.stored for row in rows), FORM_3)
        return Publish(topics.UP_MONEY, encode_batch(batch), token)

    def _is_ours(self, now: Now, body: AckBody) -> bool:
        if (body.box, body.partition) != (self._settings.box, self._settings.partition):
            self._tell(now, AckForOtherBox(body.box))
            return False
        if body.store != self._store:
            self.counters["ack_other_store"] += 1  # the outbox of before; its rows are not ours
            return False
        return True

    def _is_behind(self, now: Now, body: AckBody) -> bool:
        """An ack below the floor settles nothing: the ledger must have gone back without asking for a recovery."""
        if self._ledger is not None and body.ledger != self._ledger:
            self._tell(now, LedgerChanged(self._ledger, body.ledger))
            self.ask_hello(now)
            self._adopt(body.ledger)
        forgets = body.number >= self._floor and self._forgets(body)
        if body.number >= self._floor and not forgets:
            return False
        self.counters["acks_below_floor"] += 1
        if forgets or self._covered(body):
            self._tell(now, LedgerBehind(body.number, body.row_cumulative))
            self.ask_hello(now)
        return True

    def _forgets(self, body: AckBody) -> bool:
        """Does it name fewer rows than the ack we hold, or another head of a chain? A ledger that was put back may
        count on to the same numbers."""
        known = self._known
        if known is None or known.ledger != body.ledger:
            return False
        if body.row_cumulative < known.row_cumulative or _contradicts(body, known):
            return True
        named = Ranges([(1, body.row_cumulative)] if body.row_cumulative else [])
        for low, high in body.row_ranges:
            named.add(low, high)
        # an ack has no room for more ranges, so what is not in a full one is merely not named
        return len(body.row_ranges) < RANGES_MAX and any(named.gaps(low, high) for low, high in known.row_ranges)

    def _adopt(self, ledger: LedgerId) -> None:
        """Another ledger with our ack key: what it names it has; what it lacks it asks for by Recover."""
        self._ledger = ledger
        self._floor = 0
        self._witnessed = _NO_HEIGHTS

    def hello_wanted(self, now: Now, store: StoreId) -> None:
        """A new process of the ledger's asks what this outbox bears witness of."""
        if store == self._store:
            self.ask_hello(now, WANTED_AGAIN_S)

    def ask_hello(self, now: Now, again_s: float = HELLO_AGAIN_S) -> None:
        """Something is amiss that a new Hello mends: said when `again_s` are over since the last one."""
        self._hello_asked = True
        self._hello_again_s = min(self._hello_again_s, again_s)
        self._say_asked_hello(now)

    def _say_asked_hello(self, now: Now) -> None:
        if now.mono_s - self._hello_s >= self._hello_again_s:
            self.hello_due = True

    def _settle(self, now: Now, body: AckBody, signed: SignedAck) -> list[Effect]:
        self._ledger, self._floor, self._ack, self._known = body.ledger, body.number, signed, body
        left = self._apart(body)
        covered = {row: ref for row, ref in self._covered(body).items() if row not in left}
        rows = covered | left
        if not rows and not self._bears_witness(body):
            return []
        self._witnessed = _heights(body)
        for sent in self._sent:
            sent.open = {row: ref for row, ref in sent.open.items() if row not in rows}
        self.latencies_ms.extend(now.unix_ms - sent.came_ms for sent in self._sent if not sent.open)
        self._sent = deque(sent for sent in self._sent if sent.open)
        refs = tuple(covered.values())
        marks = tuple(self.sequences.settle(refs).items())
        apart = _joined(sorted(left)), tuple(left.values())
        self._settling.append(Settle(_joined(sorted(rows)), refs, marks, signed, body.ledger, body.number, *apart))
        self.counters["apart"] += len(left)
        return [self._settling[-1]]

    def _bears_witness(self, body: AckBody) -> bool:
        """Does it say more of the ledger's chains than the ack that is on the disk? Then it is kept, rows or none."""
        (number, book), (kept, kept_book) = _heights(body), self._witnessed
        return body.heads is not None and (number > kept or book > kept_book)

    def _answered(self, settle: Settle) -> None:
        """No longer under way: this very one, for one that the outbox's queue refuses is answered before older ones."""
        self._settling = [one for one in self._settling if one is not settle]

    def _apart(self, body: AckBody) -> dict[int, Ref]:
        """Rows in flight that the ledger has answered without their device."""
        if not body.apart:
            return {}
        rows = ((row, ref) for sent in self._sent for row, ref in sent.open.items())
        return {row: ref for row, ref in rows if _inside(body.apart, row) and _names_row(body, row)}

    def _covered(self, body: AckBody) -> dict[int, Ref]:
        """Rows in flight that both halves of the ack name."""
        marks = {stream_of(mark.device, mark.epoch): mark for mark in body.devices}
        return {
            row: ref
            for sent in self._sent
            for row, ref in sent.open.items()
            if _names_row(body, row) and _names_ref(marks, ref)
        }


def _contradicts(body: AckBody, known: AckBody) -> bool:
    """A chain never goes back, and has one hash at a number."""
    if body.heads is None or known.heads is None:
        return False
    if body.heads.number < known.heads.number:
        return True
    other_book = body.heads.number == known.heads.number and body.heads.book != known.heads.book
    return other_book or (body.number == known.number and body.heads.chain != known.heads.chain)


_NO_HEIGHTS = (0, 0)


def _heights(body: AckBody) -> tuple[int, int]:
    """Numbers of the partition's chain and of the book-only chain."""
    return body.number, body.heads.number if body.heads else 0


def _witnessed(snapshot: Snapshot) -> tuple[int, int]:
    body = decode_ack_body(snapshot.ack.body) if snapshot.ack else None
    return _heights(body) if body and body.ledger == snapshot.ledger else _NO_HEIGHTS


def _known(snapshot: Snapshot) -> AckBody | None:
    """The ack of the store, unless a recovery has put it behind its floor."""
    body = decode_ack_body(snapshot.ack.body) if snapshot.ack else None
    return body if body and body.number >= snapshot.floor else None


def _names_row(body: AckBody, row: int) -> bool:
    return row <= body.row_cumulative or _inside(body.row_ranges, row)


def _names_ref(marks: dict[Stream, DeviceMark], ref: Ref) -> bool:
    mark = marks.get(ref.stream)
    return mark is not None and (ref.seq <= mark.cumulative or _inside(mark.ranges, ref.seq))


def _inside(ranges: tuple[Range, ...], value: int) -> bool:
    return any(low <= value <= high for low, high in ranges)


def _joined(rows: list[int]) -> tuple[Range, ...]:
    """Ascending integers as ranges."""
    ranges: list[Range] = []
    for row in rows:
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], row)
        else:
            ranges.append((row, row))
    return tuple(ranges)
