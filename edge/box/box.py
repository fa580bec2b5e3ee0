"""The whole edge box as one pure core: inputs with their time in, effects out. The agent and the simulator drive it.

It knows which part hears what: link messages → terminals and intake, outbox outcomes → intake and uplink, broker
messages → uplink, epochs and online answers. It has no clock, no random, no socket and no file.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edge.box.bus.buses import Buses
from edge.box.down.awaited import AwaitedHere
from edge.box.down.carrying import Carrying
from edge.box.down.documents import Document, DocumentsHere, Name
from edge.box.down.release import Own, OwnRelease
from edge.box.down.revocations import RevokedHere
from edge.box.down.serving import SPOKEN, Serving
from edge.box.terminals.addresses import Addresses
from edge.box.terminals.bucket import Bucket
from edge.box.terminals.conversation import Conversation, Place, place_text
from edge.box.terminals.epochs import Epochs
from edge.box.terminals.swaps import TELL_EVERY_S, Swaps
from edge.box.terminals.terminals import Terminals, refuse_unproven
from edge.box.up.intake import Intake
from edge.box.up.ledger_clock import LedgerClock
from edge.box.up.now_lane import NowLane, Offered, Perishable, TokenSource
from edge.box.up.presence import Presence
from edge.box.up.questions import Questions
from edge.box.up.sayings import SAID, Sayings
from edge.box.up.signature import ack_verifier, answer_verifier
from edge.box.up.uplink import Uplink, Verify
from edge.box.values.effects import (
    AddressKept,
    DocumentKept,
    DocumentNotKept,
    Effect,
    EpochKept,
    Kept,
    NotRead,
    NotSettled,
    NotUnsettled,
    Now,
    Outcome,
    PartKept,
    Refused,
    ReleaseJudged,
    Reloaded,
    Row,
    Rows,
    Settled,
    Snapshot,
    Trouble,
    Unsettled,
)
from edge.box.values.facts import FactReporter
from edge.link import messages as link_messages
from edge.link.broadcast import Sender
from edge.link.messages import Type, type_of
from edge.link.port import CLAIMANTS, BusReport, CallFault, Peer, RefusedCall
from edge.link.seal import SealFault, SessionOver
from edge.settings import BoxSettings, LinkKind, SwapOrder, TerminalSetting
from shared.errors import WireFault
from shared.facts.boxes import DownMalformed, PublishRefused, RecoveryGone
from shared.facts.releases import VersionsApart
from shared.facts.terminals import (
    TerminalFlooding,
    TerminalMacFailures,
    TerminalMalformed,
    TerminalPlain,
    TerminalTlsBroken,
    TerminalUnauthenticated,
    TerminalUnbelieved,
    TerminalWrongKey,
)
from shared.facts.told import Told
from shared.fleet.box_release import target_of
from shared.fleet.document import DocumentKind
from shared.ids import DeviceId, device_id
from shared.wire import topics
from shared.wire.form.versions import OF_BOX
from shared.wire.lanes.release_lane import RELEASE_PART
from shared.wire.messages import (
    Awaited,
    BackupMark,
    Bound,
    EpochAnswer,
    EpochRequest,
    Hello,
    HelloWanted,
    LedgerTime,
    LedgerVersions,
    NotUnderstood,
    OnlineAnswer,
    OnlineRequest,
    Recover,
    ReleaseSaid,
    ReleaseWanted,
    Revocations,
    SignedAnswer,
    SignedRevocations,
    TerminalState,
    decode_now_down,
    is_release_part,
)
from shared.wire.tags import FORM_4

MESSAGES_PER_S = 1000.0
MESSAGES_BURST = 2000.0
"""Messages of one place that are looked at; above, they are dropped and counted, and the flooding is a fact."""
JOINS_PER_S = 5.0
JOINS_BURST = 10.0
REFUSALS_PER_S = 1.0
REFUSALS_BURST = 20.0
"""Calls refused by TLS that are looked at for a fact."""
PLACES_MAX = 4096
"""Places remembered for their rates; at the bound those of gone peers are forgotten first."""
UNPROVEN_S = 30.0
UNPROVEN_MESSAGES = 8
"""A registered terminal that this box has lost (a restart) may speak unproven so long and so often without alarm."""
REFUSED_FROM = 0x80
"""MQTT reason codes from here on: the broker has not taken it."""
HINT_EVERY_S = 1.0
"""A place that speaks unproven is told so at most so often."""


@dataclass(slots=True)
class _Rates:
    messages: Bucket
    joins: Bucket
    unproven: int = 0
    unproven_s: float = 0.0
    hinted_s: float = float("-inf")


class Box:
    """One edge box. verifier: makes the check of the ledger's acks for a public key."""

    def __init__(
        self, settings: BoxSettings, snapshot: Snapshot, random: Callable[[int], bytes],
        verifier: Callable[[bytes], Verify] = ack_verifier, own: Own | None = None,
    ) -> None:  # fmt: skip
        self.facts = FactReporter()
        self.counters: Counter[str] = Counter()
        self._kinds = {link.name: link.kind for link in settings.links}
        self._tokens = TokenSource()
        self._now_lane = NowLane()
        self._up: list[Offered] = []
        self._connected = False
        self._rates: dict[Place, _Rates] = {}
        self._refusals = Bucket(REFUSALS_PER_S, REFUSALS_BURST, 0.0)
        self._epochs = Epochs(snapshot.epochs, random)
        self._questions = Questions(answer_verifier(settings.ack_key, settings.box), self._tell)
        sequences = snapshot.sequences
        self._documents = DocumentsHere(settings, self._tell)
        self._documents.restore(snapshot.documents)
        self._revoked = RevokedHere(self._documents.held, snapshot.revocations)
        self._swaps = Swaps(settings, self._epochs)
        self._terminals = Terminals(
            settings, snapshot.store, sequences, self._epochs, random, self._tell, self._revoked, self._swaps
        )
        self._buses = Buses(settings, self._tell)
        self._addresses = Addresses(
            settings, snapshot.addresses, self._terminals, self._swaps, self._tell, self._placed
        )
        self._serving = Serving(self._documents.held, settings.links, self._tell, self._documents.passes)
        self._carrying = Carrying(settings, self._documents.held, self._serving, random, self._tell)
        self._awaited = AwaitedHere(self._documents.held, self._serving.takes)
        self._sayings = Sayings(self._terminals.of)
        self._ledger_clock = LedgerClock()
        self._intake = Intake(self._terminals, sequences, self._ledger_clock, self._tell)
        self._uplink = Uplink(settings, snapshot, verifier(settings.ack_key), self._tokens, self._tell, random)
        self._presence = Presence(snapshot.depth.unsettled)
        self._release = OwnRelease(own or Own(), self._stands_for, self._officers, random)
        self._troubles = list(snapshot.troubles)
        self._swaps_told_s = float("-inf")

    # ---- links

    def on_message(self, now: Now, link: str, peer: Peer, message: bytes) -> list[Effect]:
        """A whole message from a peer of a link. Never raises for its content."""
        place = (link, peer)
        rates = self._rates_of(now, place)
        if not rates.messages.take(now.mono_s):
            return self._finish(now, self._flooded(now, place))
        try:
            out = self._hear(now, place, rates, message)
        except SessionOver:
            out = self._session_over(now, place)
        except SealFault:
            self.counters["bad_macs"] += 1
            out = []
        except WireFault as fault:
            self.counters["malformed"] += 1
            where = place_text(place)
            self._tell(now, TerminalMalformed(where, str(fault)), self._device_at(place), where)
            out = []
        return self._finish(now, out)

    def on_peer(self, now: Now, link: str, peer: Peer, present: bool) -> list[Effect]:
        """A peer came or went. On a bus this is a hint and changes nothing: only a proof replaces a proof."""
        if not present and self._kinds.get(link) is LinkKind.TCP:
            self._terminals.gone((link, peer))
            self._rates.pop((link, peer), None)
        return self._finish(now, [])

    def on_refused(self, now: Now, link: str, call: RefusedCall) -> list[Effect]:
        """A call that TLS has refused: nobody has spoken, but somebody has tried. All are counted; of a
        flood of them, each in another name, not all are told."""
        self.counters["tls_refused"] += 1
        if self._refusals.take(now.mono_s):
            self._tell_refused(now, f"{link}:{call.address}", call)
        return self._finish(now, [])

    def on_bus(self, now: Now, link: str, report: BusReport) -> list[Effect]:
        """What the box's own controller on a link counts of errors."""
        self._buses.edge(now, link, report)
        return self._finish(now, [])

    def sender(self, now: Now, link: str) -> Sender | None:
        """What goes to all terminals of a bus at once. Unasked for, all goes to each by itself."""
        return self._carrying.carrier(link, now.mono_s)

    def is_proven(self, link: str, peer: Peer) -> bool:
        """Whether a terminal has proven who it is there."""
        return self._terminals.at((link, peer)) is not None

    # ---- outbox

    def on_outcomes(self, now: Now, outcomes: Sequence[Outcome]) -> list[Effect]:
        """What the outbox has made durable or refused, in its order; one ACK per stream for all of them."""
        out: list[Effect] = []
        kept: list[Kept] = []
        for outcome in outcomes:
            if isinstance(outcome, Kept):
                kept.append(outcome)
                continue
            out += self._keep(now, kept)
            kept = []
            out += self._heed(now, outcome)
        out += self._keep(now, kept)
        return self._finish(now, out)

    # ---- its own release

    def on_release(self, now: Now, outcome: PartKept | ReleaseJudged) -> list[Effect]:
        """What became of the archive of a release of this box."""
        if isinstance(outcome, ReleaseJudged):
            self._release.judged(now, outcome)
            return self._finish(now, [])
        return self._finish(now, [*self._release.kept(now, outcome)])

    def on_well(self, now: Now) -> list[Effect]:
        """The release on trial is found well."""
        self._release.well(now)
        return self._finish(now, [])

    @property
    def release(self) -> dict[str, object]:
        """What runs here, what comes, what went back."""
        return self._release.status

    @property
    def answering(self) -> frozenset[str]:
        """Buses with a terminal that has proven itself: what a new release has to bring back. A network is none."""
        links = (talk.place[0] for talk in self._terminals.conversations())
        return frozenset(name for name in links if self._kinds.get(name) is not LinkKind.TCP)

    # ---- broker

    def on_connected(self, now: Now) -> list[Effect]:
        """Connected and subscribed."""
        self._connected = True
        told = self._presence.back(now.mono_s)
        if told is not None:
            self._tell(now, told)
        self._uplink.connected(now)
        hello = self._uplink.hello(now)
        self._note_question(hello)
        self._now_lane.connected(hello)
        self._up += self._epochs.unanswered(now)
        self._documents.connected(now)
        self._serving.connected()
        self._carrying.connected()
        self._sayings.connected()
        self._tell_swaps(now)
        return self._finish(now, [])

    def on_disconnected(self, now: Now) -> list[Effect]:
        """The connection to the broker is lost; nothing changes for the terminals."""
        self._connected = False
        self._presence.lost(now.mono_s)
        self._now_lane.disconnected()
        self._uplink.disconnected()
        self._documents.disconnected()
        self._release.disconnected()
        return self._finish(now, [])

    def on_published(self, now: Now, token: int, reason: int) -> list[Effect]:
        """PUBACK of one publication, with its MQTT reason code."""
        if not self._now_lane.published(token, is_taken=reason < REFUSED_FROM):
            self._uplink.published(now, token, reason)
        elif reason >= REFUSED_FROM:
            self._tell(now, PublishRefused(topics.UP_NOW, reason))
        taken = [send for piece in self._now_lane.taken for send in self._sayings.taken(piece)]
        self._now_lane.taken.clear()
        return self._finish(now, [*taken])

    def on_downlink(self, now: Now, lane: str, message: bytes) -> list[Effect]:
        """A message of down/now, down/money or down/bulk. Never raises for its content."""
        try:
            out = self._from_above(now, lane, message)
        except WireFault as fault:
            self.counters["down_malformed"] += 1
            self._tell(now, DownMalformed(lane, str(fault)))
            out = []
        return self._finish(now, out)

    # ---- the person at the box

    def on_swaps(self, now: Now, orders: Sequence[SwapOrder]) -> list[Effect]:
        """The swap orders that stand here now."""
        self._terminals.swapped(self._swaps.ordered(orders))
        return self._finish(now, [])

    # ---- time

    def tick(self, now: Now) -> list[Effect]:
        """Call four times a second or so."""
        for trouble in self._troubles:
            self._tell(now, trouble.told)
        self._troubles.clear()
        self._uplink.tick(now)
        if now.mono_s - self._swaps_told_s >= TELL_EVERY_S:
            self._tell_swaps(now)
        self._documents.tick(now)
        self._carrying.tick(now, self._terminals.conversations())
        told = self._awaited.tell(now, self._terminals.conversations(), has_centre=self._connected)
        silenced = self._buses.tick(now, self._terminals.conversations())
        anew = self._release.tick(now)
        return self._finish(now, [*self._intake.tick(now), *told, *silenced, *self._serve(now), *anew])

    # ---- what others may see

    def states(self) -> tuple[TerminalState, ...]:
        """Every registered terminal."""
        return self._terminals.states()

    @property
    def revocations(self) -> Revocations:
        """The list of stolen devices that counts here."""
        return self._revoked.held

    @property
    def documents(self) -> Mapping[Name, Document]:
        """The documents that are durable here."""
        return self._documents.held

    def totals(self) -> Counter[str]:
        """All counters of the parts, and the facts by code."""
        total = self.counters + self._intake.counters + self._uplink.counters + self.facts.counts
        total += self._addresses.counters + self._questions.counters + self._documents.counters + self._serving.counters
        total["joined"] = sum(1 for _ in self._terminals.conversations())
        total["now_dropped"] = self._now_lane.dropped
        total["in_flight"] = self._uplink.in_flight()
        return total

    def latencies_ms(self) -> list[int]:
        """The newest times from a record's arrival to its ledger ack, unsorted."""
        return [*self._uplink.latencies_ms]

    # ---- inside

    def _hear(self, now: Now, place: Place, rates: _Rates, message: bytes) -> list[Effect]:
        if place[1] == CLAIMANTS:
            return self._addresses.claim(now, place[0], message)
        kind = self._type_of(place, message)
        if kind is Type.HELLO:
            return self._hello(now, place, rates, message)
        if kind is Type.AUTH:
            out, ask = self._terminals.auth(now, place, message)
            self._up += [ask] if ask else []
            rates.unproven = 0
            joined = self._terminals.at(place)
            return out + (self._addresses.joined(now, joined) if joined is not None else [])
        talk = self._terminals.at(place)
        if talk is None:
            return self._unproven(now, place, rates)
        if kind is Type.HEARTBEAT:
            self._intake.heartbeat(talk, message)
            self._terminals.heard(now, talk)
            return []
        opened = talk.seal.open(message)
        self._terminals.heard(now, talk)
        if opened.type is Type.EMCY:
            self.counters["emcy"] += 1
            self._buses.heard(now, talk, opened)
            return []
        if opened.type in SPOKEN:
            self._serving.heard(now, talk, opened)
            return [*self._serving.serve(now, [talk])] if opened.type is Type.DOCUMENT_WANT else []
        if opened.type in SAID:
            self._sayings.heard(talk, opened)
            return []
        return self._intake.take(now, talk, opened)

    def _type_of(self, place: Place, message: bytes) -> Type:
        """WireFault for one that is not known: a newer terminal's, which moves the counter all the same."""
        try:
            return type_of(message)
        except WireFault:
            talk = self._terminals.at(place)
            if talk is not None:
                talk.seal.pass_over(message)
            raise

    def _hello(self, now: Now, place: Place, rates: _Rates, message: bytes) -> list[Effect]:
        if not rates.joins.take(now.mono_s):
            return self._flooded(now, place)
        self._buses.hello(now, place, message, self._terminals.at(place))
        device = link_messages.HELLO.decode(message).device
        return self._terminals.hello(now, place, message) + self._addresses.hello(*place, device)

    def _placed(self, terminal: TerminalSetting) -> None:
        self._terminals.placed(terminal)
        self._swaps.placed(terminal)
        self._buses.placed(terminal)

    def _unproven(self, now: Now, place: Place, rates: _Rates) -> list[Effect]:
        """Traffic from a place that never authenticated."""
        self.counters["unproven"] += 1
        rates.unproven += 1
        if rates.unproven == 1:
            rates.unproven_s = now.mono_s
        patient = rates.unproven < UNPROVEN_MESSAGES or now.mono_s - rates.unproven_s < UNPROVEN_S
        device = self._terminals.registered_at(place)
        if not (patient and device):
            where = place_text(place)
            self._tell(now, TerminalUnauthenticated(where), device or b"", where)
        if self._terminals.is_joining(place) or now.mono_s - rates.hinted_s < HINT_EVERY_S:
            return []
        rates.hinted_s = now.mono_s
        return [refuse_unproven(place)]

    def _tell_refused(self, now: Now, where: str, call: RefusedCall) -> None:
        device = _device_of(call.identity)
        match call.why:
            case CallFault.UNKNOWN if device is not None:
                self._terminals.called(now, where, device)
            case CallFault.WRONG_KEY if device is not None:
                self._tell(now, TerminalWrongKey(where), device)
            case CallFault.PLAIN:
                self._tell(now, TerminalPlain(where), about=where)
            case CallFault.UNBELIEVED:
                self._tell(now, TerminalUnbelieved(where), about=where)
            case _:
                self._tell(now, TerminalTlsBroken(where, call.detail), about=where)

    def _session_over(self, now: Now, place: Place) -> list[Effect]:
        talk = self._terminals.at(place)
        self.counters["bad_macs"] += 1
        if talk is not None:
            self._tell(now, TerminalMacFailures(place_text(place)), talk.terminal.device)
            self._terminals.end(talk)
        return []

    def _flooded(self, now: Now, place: Place) -> list[Effect]:
        self.counters["flooded"] += 1
        where = place_text(place)
        self._tell(now, TerminalFlooding(where), self._device_at(place), where)
        return []

    def _keep(self, now: Now, kept: list[Kept]) -> list[Effect]:
        if not kept:
            return []
        out = self._intake.kept(now, kept)
        self._release.recorded(now)
        self._uplink.stored([Row(one.row, one.put.at_ms, one.put.stored) for one in kept if one.fresh])
        return out

    def _heed(self, now: Now, outcome: Outcome) -> list[Effect]:
        match outcome:
            case Kept():
                return self._keep(now, [outcome])
            case Refused():
                self._intake.refused(now, outcome)
            case Settled():
                self._uplink.settled(outcome.settle, outcome.first_unsettled)
                return self._intake.settled(now, [stream for stream, _ in outcome.settle.marks])
            case EpochKept():
                self._epochs.kept(outcome.kept)
                self._tell_swaps(now)
            case AddressKept():
                return self._addresses.kept(outcome.kept)
            case Trouble():
                self._tell(now, outcome.told)
            case DocumentKept():
                self._documents.kept(outcome.kept)
                is_list = outcome.kept.head.kind is DocumentKind.REVOCATIONS
                return [*(self._terminals.expel() if is_list else []), *self._serve(now)]
            case DocumentNotKept():
                self._documents.not_kept(now, outcome)
            case _:
                self._heed_rare(now, outcome)
        return []

    def _heed_rare(self, now: Now, outcome: Rows | NotRead | NotSettled | Unsettled | NotUnsettled | Reloaded) -> None:
        match outcome:
            case Rows():
                self._uplink.read(outcome)
            case NotRead():
                self._uplink.read_failed(now)
            case NotSettled():
                self._uplink.settle_failed(now, outcome.settle, outcome.reason)
            case Unsettled():
                self._recovered(now, outcome)
            case NotUnsettled():
                self._uplink.unsettle_failed(now, outcome.reason)
            case Reloaded():
                self._reloaded(outcome.snapshot)

    def _recovered(self, now: Now, outcome: Unsettled) -> None:
        self._reloaded(outcome.snapshot)
        self._uplink.unsettled(outcome.unsettle)
        if outcome.gone:
            self._tell(now, RecoveryGone(outcome.gone))

    def _reloaded(self, snapshot: Snapshot) -> None:
        """What is held is known anew, and some of it not: end the conversations, so that WELCOME says what to send."""
        self._load(snapshot)
        for talk in [*self._terminals.conversations()]:
            self._terminals.end(talk)

    def _load(self, snapshot: Snapshot) -> None:
        self._terminals.sequences = self._intake.sequences = snapshot.sequences
        self._uplink.load(snapshot)
        self._troubles += snapshot.troubles

    def _from_above(self, now: Now, lane: str, message: bytes) -> list[Effect]:
        match lane:
            case topics.DOWN_MONEY:
                return self._uplink.ack(now, message)
            case topics.DOWN_BULK if is_release_part(message):
                return [*self._release.part(RELEASE_PART.decode(message))]
            case topics.DOWN_BULK:
                return [*self._documents.heard(now, message)]
            case _:
                return self._down(now, message)

    def _serve(self, now: Now) -> list[Effect]:
        return [*self._serving.serve(now, self._terminals.conversations())]

    def _down(self, now: Now, message: bytes) -> list[Effect]:
        down = decode_now_down(message)
        match down:
            case SignedAnswer():
                answer = self._questions.opened(now, down)
                return self._answered(now, answer, down.asked) if answer else []
            case EpochAnswer() | Recover() | LedgerTime() | BackupMark() | ReleaseWanted():
                self._questions.bare(now, down)
                return []
            case OnlineAnswer():
                return [*self._intake.answer(down)]
            case SignedRevocations() | Awaited():
                self.counters["former_lists"] += 1  # the documents of these count here, and nothing else
                return []
            case HelloWanted():
                self._uplink.hello_wanted(now, down.store)
                return []
            case LedgerVersions():
                self._release.speaks(now, form_4=OF_BOX.common(down.versions) >= FORM_4)
                return []
            case NotUnderstood():
                mine, theirs = (f"{least}–{most}" for least, most in (OF_BOX, (down.least, down.most)))
                self._tell(now, VersionsApart(mine, theirs))
                self._uplink.refused(now)
                return []

    def _answered(self, now: Now, answer: Bound, asked: bytes) -> list[Effect]:
        match answer:
            case EpochAnswer():
                keep = self._epochs.answer(now, answer)
                return [keep] if keep else []
            case Recover():
                return self._uplink.recover(now, answer, asked)
            case LedgerTime():
                self._heed_time(now, answer.unix_ms)
                return []
            case BackupMark():
                return self._uplink.backed_up(answer, asked)
            case ReleaseWanted():
                return [*self._release.wanted(now, answer)]

    def _tell_swaps(self, now: Now) -> None:
        self._swaps_told_s = now.mono_s
        if self._connected:
            self._up += self._swaps.told()

    def _heed_time(self, now: Now, ledger_ms: int) -> None:
        """One that is not taken is asked for again, so that a right one comes, or the ledger insists."""
        refused = self._ledger_clock.heard(now, ledger_ms)
        if refused is not None:
            self.counters["ledger_times_refused"] += 1
            self._tell(now, refused)
            self._uplink.ask_hello(now)

    def _finish(self, now: Now, out: list[Effect]) -> list[Effect]:
        """Give what was collected for the cloud to its lanes, and let both lanes go on."""
        if self._intake.time_wanted:
            self._intake.time_wanted = False
            self._uplink.ask_hello(now)  # the answer to this connection's Hello is lost, or not all of it
        if self._uplink.hello_due and self._connected:
            self._up.append(self._uplink.hello(now))
            self._documents.say_held()  # whoever has not heard the one has not heard the other
            self._serving.connected()
            self._carrying.connected()
        sources = (
            self._up, self._intake.up, self._documents.up, self._serving.up, self._carrying.up, self._sayings.up,
            self._release.up,
        )  # fmt: skip
        for source in sources:
            for message in source:
                self._note_question(message)
                self._now_lane.offer(message)
            source.clear()
        out += self._uplink.pump(now)
        out += self._now_lane.pump(now, self._tokens)
        return out

    def _note_question(self, message: Offered) -> None:
        """What it asks is remembered, for its answer."""
        question = message.message if isinstance(message, Perishable) else message
        if isinstance(question, Hello | EpochRequest | OnlineRequest | ReleaseSaid):
            self._questions.asked(question)

    def _stands_for(self, number: int, machine: str, length: int, digest: str) -> bool:
        return self._documents.trust.stands_for(target_of(machine, number), length, digest)

    def _officers(self) -> bytes:
        return self._documents.trust.officers

    def _tell(self, now: Now, told: Told, device: bytes = b"", about: str = "") -> None:
        self._up += self.facts.report(now, told, device, about)

    def _device_at(self, place: Place) -> bytes:
        talk: Conversation | None = self._terminals.at(place)
        return talk.terminal.device if talk else b""

    def _rates_of(self, now: Now, place: Place) -> _Rates:
        rates = self._rates.get(place)
        if rates is None:
            if len(self._rates) >= PLACES_MAX:
                del self._rates[next(iter(self._rates))]
            mono_s = now.mono_s
            rates = _Rates(Bucket(MESSAGES_PER_S, MESSAGES_BURST, mono_s), Bucket(JOINS_PER_S, JOINS_BURST, mono_s))
            self._rates[place] = rates
        return rates


def _device_of(identity: str) -> DeviceId | None:
    """The number that a caller names itself by; None when it is none."""
    try:
        return device_id(bytes.fromhex(identity))
    except (ValueError, WireFault):
        return None
