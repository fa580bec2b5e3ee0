"""From a terminal's message to the outbox and back: RECORD, ACK, SETTLED, STATUS, HEARTBEAT, online requests. Pure.

Persist, then acknowledge: an ACK leaves only for what the outbox has reported as kept, a SETTLED only for what it has
reported as settled. Identical bytes again are acknowledged again; other bytes under a known seq are stored as well,
so that a fork reaches the ledger. Bytes are not judged here: that is the ledger's work.
"""

from collections import Counter
from collections.abc import Iterable

from edge.box.terminals.conversation import Conversation, EpochView
from edge.box.terminals.terminals import Tell, Terminals, time_for
from edge.box.up.ledger_clock import LedgerClock
from edge.box.up.now_lane import Offered, Perishable
from edge.box.up.online import OnlineRequests
from edge.box.values.effects import Effect, Kept, Now, Put, Refused, Send
from edge.box.values.sequences import Sequences
from edge.box.values.streams import Ref, Stream, key_of, ref_of, stream_device, stream_epoch, stream_of
from edge.link import messages as link
from edge.link.messages import Type
from edge.link.seal import Opened
from shared.errors import WireFault
from shared.facts.boxes import OutboxRefused
from shared.facts.terminals import RecordFork
from shared.records import HEAD, LOAD_SHAPED, SEQ_MAX, WIRE_MAX, Kind, digest
from shared.wire.messages import FORM_3, PAYLOAD_MAX, DeviceStatus, OnlineAnswer, OnlineRequest, RecordCopy

SETTLED_EVERY_S = 1.0
SETTLED_RECORDS = 64
"""At most one SETTLED per terminal and second, or per 64 records (RECORDS.md)."""

RETURN_MS = 1000
"""What request and answer may need on the terminal's own link: a request is late so much before the terminal gives up,
for nothing here tells how long it was under way from there."""

PIECES_MAX = 32
"""Runs of sequence numbers that one epoch may fall into here. A terminal sends in order, a few at a time; one that goes
on leaving holes would fill the marks of the ledger's acks, which name 64 ranges, and stop everybody else's rows."""

TIME_EVERY_S = 30.0
"""A terminal that speaks gets the time so often; it also shows it that this box still knows it."""

_AHEAD = frozenset(int(kind) for kind in LOAD_SHAPED | {Kind.REVERSAL})
"""Kinds of records of which a copy runs ahead on *now*: somebody's money waits for them."""
_NO_SEQ = b"\0\0\0\0"


class Intake:
    """The messages of joined terminals. `up` collects what goes to the cloud on `now`; its owner empties it.

    time_wanted: a request was held because the ledger's time is not known; the owner says Hello and clears it.
    """

    def __init__(self, terminals: Terminals, sequences: Sequences, ledger_clock: LedgerClock, tell: Tell) -> None:
        self.up: list[Offered] = []
        self.counters: Counter[str] = Counter()
        self.sequences = sequences
        self._terminals = terminals
        self._ledger_clock = ledger_clock
        self._tell = tell
        self._online = OnlineRequests()
        self.time_wanted = False
        self._pending: dict[bytes, None] = {}
        """Keys of puts under way, bounded by the outbox's queue."""
        self._strays: dict[bytes, Stream] = {}
        """Those among them that will begin a run of their own."""
        self._pending_seqs: dict[bytes, int] = {}
        self._owed: dict[Stream, None] = {}
        """Streams whose terminal has a SETTLED to come."""

    def take(self, now: Now, talk: Conversation, opened: Opened) -> list[Effect]:
        """A proven message. Malformed: WireFault."""
        out: list[Effect] = []
        if now.mono_s - talk.time_s >= TIME_EVERY_S:
            out.append(time_for(now, talk))
        if opened.type is Type.RECORD:
            out += self._record(now, talk, opened)
        elif opened.type is Type.STATUS:
            out += self._status(now, talk, link.STATUS.decode(opened.payload))
        elif opened.type is Type.ONLINE_REQUEST:
            self._request(now, talk, opened)
        else:
            raise WireFault(f"{opened.type.name} goes down, never up")
        return out

    def heartbeat(self, talk: Conversation, message: bytes) -> None:
        """A hint, not proven: shown, never acted upon. Malformed: WireFault."""
        talk.unsent = link.HEARTBEAT.decode(message).unsent

    def kept(self, now: Now, kept: Iterable[Kept]) -> list[Effect]:
        """These records are durable: one ACK per stream, with its contiguous seq."""
        touched: dict[Stream, None] = {}
        for one in kept:
            ref = ref_of(one.put.stored)
            self._no_longer_pending(one.put)
            self._note(now, one, ref)
            touched[ref.stream] = None
            talk = self._terminals.of(stream_device(ref.stream))
            view = talk.view(ref.stream) if talk else None
            if view is not None:
                view.keep(ref.seq)
        acks = [send for stream in touched for send in self._ack(stream)]
        return acks + self._settle_due(now, touched)

    def refused(self, now: Now, one: Refused) -> None:
        """The outbox did not accept it: no ACK, the terminal keeps it and sends it again."""
        self._no_longer_pending(one.put)
        self.counters["refused"] += 1
        self._tell(now, OutboxRefused(one.reason))

    def settled(self, now: Now, streams: Iterable[Stream]) -> list[Effect]:
        """The settle of these streams is durable."""
        touched = dict.fromkeys(streams)
        self._owed.update(touched)
        return self._settle_due(now, touched)

    def answer(self, answer: OnlineAnswer) -> list[Effect]:
        """To the terminal that asked, verbatim; dropped when it is not joined (it will ask again)."""
        stream = stream_of(answer.device, answer.epoch)
        self._online.answered(stream, answer.request)
        talk = self._terminals.of(answer.device)
        view = talk.view(stream) if talk else None
        if talk is None or view is None:
            self.counters["answers_undelivered"] += 1
            return []
        payload = link.ONLINE_ANSWER.encode(link.Online(answer.request, answer.payload))
        sealed = talk.seal.seal(Type.ONLINE_ANSWER, payload, talk.epochs.index(view))
        return [Send(*talk.place, sealed, True)]

    def tick(self, now: Now) -> list[Effect]:
        """What time alone makes due."""
        if expired := self._online.expire(now):
            self.counters["online_expired"] += expired
        return self._settle_due(now, [*self._owed])

    def _settle_due(self, now: Now, streams: Iterable[Stream]) -> list[Effect]:
        """SETTLED for those of the streams that are owed one and may have it now; `tick` looks at all."""
        if not self._owed:
            return []
        return [send for stream in streams if stream in self._owed for send in self._settle_stream(now, stream)]

    def _record(self, now: Now, talk: Conversation, opened: Opened) -> list[Effect]:
        view, wire = _view(talk, opened), opened.payload
        if not HEAD.size <= len(wire) <= WIRE_MAX or wire[4:8] == _NO_SEQ:
            raise WireFault(f"RECORD of {len(wire)} bytes, or without a seq")
        stored = view.prefix + wire
        hashed = digest(stored)
        key = key_of(stored, hashed)
        if key in self._pending:
            return []  # its ACK will come with the first one's commit
        ref, name = ref_of(stored), key[:12]
        seen = self.sequences.holds(ref.stream, ref.seq) or name in self._pending_seqs
        if not seen and self._is_stray(ref):
            self._require_room(ref)
            self._strays[key] = ref.stream
        self._pending[key] = None
        self._pending_seqs[name] = self._pending_seqs.get(name, 0) + 1
        return [Put(stored, hashed, now.unix_ms, seen)]

    def _is_stray(self, ref: Ref) -> bool:
        near = (ref.stream + seq.to_bytes(4, "big") for seq in (ref.seq - 1, (ref.seq + 1) & SEQ_MAX))
        return self.sequences.is_stray(*ref) and not any(name in self._pending_seqs for name in near)

    def _require_room(self, ref: Ref) -> None:
        begun = sum(stream == ref.stream for stream in self._strays.values())
        if self.sequences.pieces(ref.stream) + begun >= PIECES_MAX:
            raise WireFault(f"seq {ref.seq} of epoch {stream_epoch(ref.stream)} would leave one hole too many")

    def _note(self, now: Now, one: Kept, ref: Ref) -> None:
        if not one.fresh:
            self.counters["duplicates"] += 1
            self._recall(one, ref)
            return
        self.counters["accepted"] += 1
        self.sequences.keep(ref)
        if one.put.stored[15] in _AHEAD:
            self.up.append(RecordCopy(one.put.stored))
        if one.fork:
            self.counters["forks"] += 1
            self._tell(now, RecordFork(stream_epoch(ref.stream), ref.seq), stream_device(ref.stream))

    def _recall(self, one: Kept, ref: Ref) -> None:
        if one.settled:
            self.sequences.know_settled(ref)
            self._owed[ref.stream] = None
        elif not self.sequences.holds(*ref):
            self.sequences.keep(ref)

    def _no_longer_pending(self, put: Put) -> None:
        key = put.key
        self._pending.pop(key, None)
        self._strays.pop(key, None)
        name = key[:12]
        left = self._pending_seqs.get(name, 0) - 1
        if left > 0:
            self._pending_seqs[name] = left
        else:
            self._pending_seqs.pop(name, None)

    def _ack(self, stream: Stream) -> list[Send]:
        talk = self._terminals.of(stream_device(stream))
        view = talk.view(stream) if talk else None
        return [_ack_send(talk, view)] if talk and view else []

    def _status(self, now: Now, talk: Conversation, status: link.Status) -> list[Effect]:
        out: list[Effect] = []
        for epoch in status.epochs:
            view = talk.view(stream_of(talk.terminal.device, epoch.epoch))
            if view is None:
                continue
            self.sequences.rebase(view.stream, min(epoch.oldest, epoch.last + 1) - 1)
            view.rebase(min(epoch.oldest, epoch.last + 1) - 1)
            if epoch.settled < view.settled(self.sequences):
                view.told = epoch.settled
                self._owed[view.stream] = None
                out.append(_ack_send(talk, view))  # a SETTLED above what was ACKed would be refused
        talk.note(status)
        self.up.append(_device_status(talk, status))
        if not status.clock_set and now.mono_s > talk.time_s:
            out.append(time_for(now, talk))
        return out + self._settle_due(now, [view.stream for view in talk.epochs])

    def _request(self, now: Now, talk: Conversation, opened: Opened) -> None:
        """The terminal's patience is told in the ledger's time; while that is not known, it has to repeat."""
        view, ask = _view(talk, opened), link.ONLINE_REQUEST.decode(opened.payload)
        if len(ask.payload) > PAYLOAD_MAX:
            raise WireFault("online request: payload too long")
        ledger_ms = self._ledger_clock.at(now.mono_s)
        wait_ms = ask.wait_ms - RETURN_MS
        self.time_wanted |= ledger_ms is None
        if ledger_ms is None or wait_ms <= 0 or not self._online.admit(now, view.stream, ask.request):
            self.counters["requests_held"] += 1
            return
        device, until_ms = talk.terminal.device, ledger_ms + wait_ms
        request = OnlineRequest(device, view.epoch, view.psam, ask.request, ask.payload, until_ms, FORM_3)
        self.up.append(Perishable(request, now.mono_s + wait_ms / 1000))

    def _settle_stream(self, now: Now, stream: Stream) -> list[Send]:
        talk = self._terminals.of(stream_device(stream))
        view = talk.view(stream) if talk else None
        if talk is None or view is None:
            del self._owed[stream]  # WELCOME will say it
            return []
        settled = view.settled(self.sequences)
        if settled <= view.told:
            del self._owed[stream]
            return []
        if settled - view.told < SETTLED_RECORDS and now.mono_s - talk.settled_s < SETTLED_EVERY_S:
            return []
        del self._owed[stream]
        view.told, talk.settled_s = settled, now.mono_s
        return [Send(*talk.place, talk.seal.seal_seq(Type.SETTLED, view.epoch, settled))]


def _view(talk: Conversation, opened: Opened) -> EpochView:
    if opened.epoch_index >= len(talk.epochs):
        raise WireFault(f"epoch index {opened.epoch_index} of {len(talk.epochs)}")
    return talk.epochs[opened.epoch_index]


def _ack_send(talk: Conversation, view: EpochView) -> Send:
    return Send(*talk.place, talk.seal.seal_seq(Type.ACK, view.epoch, view.held))


def _device_status(talk: Conversation, status: link.Status) -> DeviceStatus:
    return DeviceStatus(
        talk.terminal.device, status.epochs, status.hotlist_version, status.parameter_version, status.slots_left,
        status.clock_set, status.day, status.day_first_seq,
    )  # fmt: skip
