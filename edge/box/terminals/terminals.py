"""Who may speak here: the registry, the join (HELLO, CHALLENGE, AUTH, WELCOME or REFUSE), the conversations. Pure.

DESIGN 4, links part 6. Both ends prove K_term before anything counts. Refuses unknown numbers, wrong keys and a
second body under a live number, each with its fact; nothing that is not proven ends a conversation that is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from edge.box.terminals.conversation import Conversation, EpochView, Place, place_text, view_of
from edge.box.terminals.epochs import PSAM_MOVED, REVOKED, Epochs, Resolved
from edge.box.terminals.swaps import Swaps
from edge.box.values.effects import Effect, Now, Send
from edge.box.values.ranges import Ranges
from edge.box.values.sequences import Sequences
from edge.box.values.streams import stream_of
from edge.link import messages as link
from edge.link.messages import Auth, AuthEpoch, Hello, Refusal, Welcome, WelcomeEpoch
from edge.link.seal import Direction, SealFault, Session, session_key
from edge.settings import BoxSettings, TerminalSetting
from shared.errors import WireFault
from shared.facts.terminals import (
    SpareWaits,
    StolenElsewhere,
    TerminalLiveTwice,
    TerminalMoved,
    TerminalNoEpoch,
    TerminalRevoked,
    TerminalRolledBack,
    TerminalTooManyEpochs,
    TerminalUnknown,
    TerminalWrongKey,
)
from shared.facts.told import Told
from shared.ids import DeviceId, PsamId, StoreId
from shared.wire.messages import EPOCHS_MAX, EpochRequest, TerminalState

JOIN_S = 10.0
"""A CHALLENGE without its AUTH is forgotten after this."""
JOINS_MAX = 256
"""Joins under way; at the bound a HELLO gets REFUSE busy and tries again."""
LIVE_S = 10.0
"""A conversation heard of within this time is alive: another body with its number is refused."""
R_EDGE_SIZE = 16


class Revoked(Protocol):
    """The list of stolen devices that counts here."""

    def names(self, device: DeviceId, psam: PsamId) -> bool:
        """May this body, with this PSAM, not sell any more?"""
        ...


class Tell(Protocol):
    """How a core reports a fact; `about` tells apart what no device tells apart."""

    def __call__(self, now: Now, told: Told, device: bytes = b"", about: str = "") -> None:
        """Say it once."""
        ...


@dataclass(frozen=True, slots=True)
class _Joining:
    terminal: TerminalSetting
    hello: Hello
    asked: bytes
    answer: bytes
    seal: Session
    until_s: float


class Terminals:
    """Registry and conversations of one box."""

    def __init__(
        self, settings: BoxSettings, store: StoreId, sequences: Sequences, epochs: Epochs,
        random: Callable[[int], bytes], tell: Tell, revoked: Revoked, swaps: Swaps,
    ) -> None:  # fmt: skip
        self.sequences = sequences
        self._settings = settings
        self._store = store
        self._epochs = epochs
        self._random = random
        self._tell = tell
        self._revoked = revoked
        self._swaps = swaps
        self._registry = {terminal.device: terminal for terminal in settings.terminals}
        self._joining: dict[Place, _Joining] = {}
        self._live: dict[DeviceId, Conversation] = {}
        self._places: dict[Place, Conversation] = {}
        self._parted: dict[DeviceId, Conversation] = {}

    def hello(self, now: Now, place: Place, message: bytes) -> list[Effect]:
        """CHALLENGE, or REFUSE for a number that is not ours. Malformed: WireFault."""
        hello = link.HELLO.decode(message)
        terminal = self._registry.get(hello.device) or self._swaps.body(hello.device)
        if terminal is None:
            return [_refuse(place, self._stranger(now, place_text(place), hello.device, hello.psam))]
        joining = self._joining.get(place)
        if joining is None or joining.asked != message or now.mono_s > joining.until_s:
            if not self._room(now, place):
                return [_refuse(place, Refusal.BUSY)]
            joining = self._joining[place] = self._challenge(now, terminal, hello, message)
        return [Send(*place, joining.answer, True)]

    def called(self, now: Now, where: str, device: DeviceId) -> None:
        """A number that is not ours has called by TLS, and could say nothing of its PSAM."""
        self._stranger(now, where, device, PsamId(device))

    def _stranger(self, now: Now, where: str, device: DeviceId, psam: PsamId) -> Refusal:
        """A number that is not ours. Nothing of it is proven; but what names itself as stolen is looked for."""
        if self._revoked.names(device, psam):
            self._tell(now, StolenElsewhere(device, psam, where), device)
            return Refusal.REVOKED
        if self._swaps.is_spare(device):
            self._tell(now, SpareWaits(where), device)
            return Refusal.UNKNOWN_DEVICE
        self._tell(now, TerminalUnknown(device, where), device)
        return Refusal.UNKNOWN_DEVICE

    def _challenge(self, now: Now, terminal: TerminalSetting, hello: Hello, asked: bytes) -> _Joining:
        """A repeated HELLO gets the same CHALLENGE: on a slow bus the first one may still be on its way."""
        r_edge = self._random(R_EDGE_SIZE)
        seal = Session(session_key(terminal.key, r_edge, hello.r_term, hello.device), hello.device, Direction.DOWN)
        answer = link.CHALLENGE.encode(link.Challenge(r_edge, terminal.key_version, now.campus_s))
        return _Joining(terminal, hello, asked, answer, seal, now.mono_s + JOIN_S)

    def auth(self, now: Now, place: Place, message: bytes) -> tuple[list[Effect], EpochRequest | None]:
        """WELCOME and TIME if the proof holds, else REFUSE; and what to ask of the cloud. Malformed: WireFault."""
        joining = self._joining.pop(place, None)
        if joining is None or now.mono_s > joining.until_s:
            return [], None
        device = joining.terminal.device
        try:
            opened = joining.seal.open(message)
        except SealFault:
            self._tell(now, TerminalWrongKey(place_text(place)), device)
            return [_refuse(place, Refusal.WRONG_KEY)], None
        auth = link.AUTH.decode(opened.payload)
        _require_sane(auth)
        if self._contested(now, place, device):
            return [_refuse(place, Refusal.LIVE_TWICE)], None
        return self._admit(now, place, joining, auth)

    def placed(self, terminal: TerminalSetting) -> None:
        """It has an address from now on."""
        self._registry[terminal.device] = terminal

    def at(self, place: Place) -> Conversation | None:
        """The conversation at a place."""
        return self._places.get(place)

    def is_joining(self, place: Place) -> bool:
        """True while a join is under way there."""
        return place in self._joining

    def of(self, device: DeviceId) -> Conversation | None:
        """The conversation with a device."""
        return self._live.get(device)

    def heard(self, now: Now, talk: Conversation) -> None:
        """Its place has spoken. Heard again after another body proved the same number: live twice."""
        talk.heard(now)
        if talk.contested:
            talk.contested = False
            device = talk.terminal.device
            self._tell(now, TerminalLiveTwice(device), device)

    def end(self, talk: Conversation) -> None:
        """The conversation is over; the terminal must join again."""
        self._places.pop(talk.place, None)
        self._live.pop(talk.terminal.device, None)
        self._parted[talk.terminal.device] = talk

    def swapped(self, bodies: Iterable[DeviceId]) -> None:
        """Orders for these have changed: their conversations begin anew, and their joins."""
        changed = frozenset(bodies)
        self._joining = {at: one for at, one in self._joining.items() if one.terminal.device not in changed}
        for device in changed:
            talk = self._live.get(device)
            if talk is not None:
                self.end(talk)

    def expel(self) -> list[Effect]:
        """End all conversations that sell under a revoked body or PSAM; it may join again to hand over what it owes."""
        sellers = [talk for talk in self._live.values() if talk.current and self._is_revoked(talk.hello)]
        for talk in sellers:
            self.end(talk)
        told: list[Effect] = []
        for talk in sellers:
            told += [_revoked(talk.place, talk.seal), _refuse(talk.place, Refusal.REVOKED)]
        return told

    def gone(self, place: Place) -> None:
        """A connection ended."""
        self._joining.pop(place, None)
        talk = self._places.get(place)
        if talk is not None:
            self.end(talk)

    def conversations(self) -> Iterable[Conversation]:
        """All that are joined, in the order in which they joined."""
        return self._live.values()

    def registered_at(self, place: Place) -> DeviceId | None:
        """The device that is registered at this bus address."""
        wired = (terminal for terminal in self._registry.values() if (terminal.link, terminal.address) == place)
        return next((terminal.device for terminal in wired), None)

    def states(self) -> tuple[TerminalState, ...]:
        """Every registered terminal as this box sees it."""
        return tuple(self._state(terminal) for terminal in (*self._registry.values(), *self._swaps.bodies()))

    def _admit(
        self, now: Now, place: Place, joining: _Joining, auth: Auth
    ) -> tuple[list[Effect], EpochRequest | None]:
        hello, device = joining.hello, joining.terminal.device
        resolved = self._resolved(now, place, hello, auth)
        proven: list[Effect] = [_revoked(place, joining.seal)] if resolved.refused == REVOKED else []
        if resolved.refused and not _owes(auth):
            return [*proven, _refuse(place, resolved.refusal)], None
        talk = Conversation(joining.terminal, place, hello, joining.seal, now)
        full = _is_full(auth, hello, resolved.epoch)
        if full:
            self._tell(now, TerminalTooManyEpochs(EPOCHS_MAX), device)
        talk.current = 0 if full or resolved.refused else resolved.epoch or _named(auth, hello)
        talk.epochs = self._views(now, talk, auth)
        self._join(now, talk)
        kept: list[Effect] = [resolved.keep] if resolved.keep else []
        return self._welcome(now, talk) + proven + kept, None if full else resolved.ask

    def _resolved(self, now: Now, place: Place, hello: Hello, auth: Auth) -> Resolved:
        """The epoch to sell in. A revoked body gets none, but is heard out: its records are the ledger's to judge."""
        resolved = Resolved(0, REVOKED)
        if not self._is_revoked(hello):
            resolved = self._resolved_here(now, hello, auth)
        if resolved.refused == REVOKED:
            self._tell(now, TerminalRevoked(hello.psam, place_text(place)), hello.device)
        elif resolved.refused:
            self._tell(now, TerminalNoEpoch(resolved.refused), hello.device)
        return resolved

    def _resolved_here(self, now: Now, hello: Hello, auth: Auth) -> Resolved:
        order, highest = self._swaps.order_of(hello.device), max((e.epoch for e in auth.epochs), default=0)
        if order is not None:
            return self._stood_in(hello, auth, order.broken, highest)
        if self._swaps.is_replaced(hello.device):
            return Resolved(0, PSAM_MOVED)
        return self._epochs.resolve(now, hello, highest)

    def _stood_in(self, hello: Hello, auth: Auth, broken: DeviceId, highest: int) -> Resolved:
        """A spare brings the broken body's PSAM. A box that has lost its memory believes an epoch that it proves."""
        psams = self._epochs.psams_of(broken)
        if hello.psam in psams:
            return self._epochs.given(hello, highest)
        return Resolved(0, "" if not psams and _named(auth, hello) else PSAM_MOVED)

    def _is_revoked(self, hello: Hello) -> bool:
        return self._revoked.names(hello.device, hello.psam)

    def _views(self, now: Now, talk: Conversation, auth: Auth) -> list[EpochView]:
        device = talk.terminal.device
        for epoch in auth.epochs:
            held = self.sequences.highest(stream_of(device, epoch.epoch))
            if held > epoch.last:
                self._tell(now, TerminalRolledBack(held, epoch.last), device)
        views = [view_of(device, epoch, self.sequences) for epoch in auth.epochs]
        if talk.current and all(view.epoch != talk.current for view in views):
            fresh = AuthEpoch(talk.current, talk.hello.psam, 1, 0)
            views.append(self._unnamed(talk, fresh))
        return views

    def _unnamed(self, talk: Conversation, fresh: AuthEpoch) -> EpochView:
        """The current epoch, of which the terminal holds no record: what is settled is behind it."""
        stream = stream_of(talk.terminal.device, fresh.epoch)
        mark = self.sequences.mark(stream)
        return EpochView(stream, fresh.epoch, fresh.psam, mark, Ranges())

    def _welcome(self, now: Now, talk: Conversation) -> list[Effect]:
        rows = []
        for view in talk.epochs:
            view.told = view.settled(self.sequences)
            rows.append(WelcomeEpoch(view.epoch, view.held, view.told))
        settings = self._settings
        versions = settings.hotlist_version, settings.parameter_version
        welcome = Welcome(self._store, talk.current, now.campus_s, *versions, tuple(rows))
        sealed = talk.seal.seal(link.Type.WELCOME, link.WELCOME.encode(welcome))
        return [Send(*talk.place, sealed, True)]

    def _join(self, now: Now, talk: Conversation) -> None:
        device, place = talk.terminal.device, talk.place
        for old in (self._live.get(device), self._places.get(place)):
            if old is not None:
                self.end(old)
        self._parted.pop(device, None)
        self._live[device] = talk
        self._places[place] = talk
        registered = talk.terminal.link, talk.terminal.address
        if place[0] != registered[0] or (registered[1] and place != registered):
            self._tell(now, TerminalMoved(place_text(place)), device)

    def _contested(self, now: Now, place: Place, device: DeviceId) -> bool:
        """Another place speaks for this device and was heard just now. If it speaks again, there are two."""
        other = self._live.get(device)
        if other is None or other.place == place or now.mono_s - other.heard_s > LIVE_S:
            return False
        other.contested = True
        return True

    def _room(self, now: Now, place: Place) -> bool:
        if place in self._joining or len(self._joining) < JOINS_MAX:
            return True
        self._joining = {at: one for at, one in self._joining.items() if one.until_s >= now.mono_s}
        return len(self._joining) < JOINS_MAX

    def _state(self, terminal: TerminalSetting) -> TerminalState:
        talk = self._live.get(terminal.device)
        known = talk or self._parted.get(terminal.device)
        address = str(terminal.address) if terminal.address else ""
        if known is None:
            return TerminalState(terminal.device, address, terminal.link, "never", 0, 0, 0, 0, 0)
        stream = stream_of(terminal.device, known.current)
        state = "parted" if talk is None else "joined" if talk.current else "no-epoch"
        state = "revoked" if self._is_revoked(known.hello) else state
        last = max(known.last_seq, self.sequences.highest(stream))
        settled = self.sequences.mark(stream)
        where = terminal.device, address, terminal.link
        return TerminalState(*where, state, known.heard_ms, last, settled, known.unsent, known.open_slots)


def refuse_unproven(place: Place) -> Send:
    """A hint that this box knows no conversation there: after a restart of ours its terminal joins again sooner."""
    return _refuse(place, Refusal.BUSY)


def time_for(now: Now, talk: Conversation) -> Send:
    """TIME, sealed for one terminal. Not sooner than its first proven message after WELCOME: on CAN, TIME would
    overtake WELCOME by priority, and a terminal hears first that it has joined."""
    talk.time_s = now.mono_s
    return Send(*talk.place, talk.seal.seal(link.Type.TIME, link.TIME.encode(link.Time(now.campus_s))), True)


def _refuse(place: Place, why: Refusal) -> Send:
    return Send(*place, link.REFUSE.encode(link.Refused(why)))


def _revoked(place: Place, seal: Session) -> Send:
    """A refusal that is proven: a genuine body believes it and stops selling; the hint anyone on a bus could send."""
    return Send(*place, seal.seal(link.Type.REFUSE, link.REFUSE_SEALED.encode(link.Refused(Refusal.REVOKED))), True)


def _owes(auth: Auth) -> bool:
    return any(epoch.oldest <= epoch.last for epoch in auth.epochs)


def _is_full(auth: Auth, hello: Hello, epoch: int) -> bool:
    """A fifth epoch is not given before one of the four has drained: such a body may drain, but not sell."""
    listed = epoch or _named(auth, hello)
    return len(auth.epochs) >= EPOCHS_MAX and all(row.epoch != listed for row in auth.epochs)


def _named(auth: Auth, hello: Hello) -> int:
    """The epoch that the body itself proves to have for its PSAM: good enough until the cloud answers (RECORDS.md:
    with an epoch it sells without a join), for a box that has lost its memory and its uplink at once."""
    return max((epoch.epoch for epoch in auth.epochs if epoch.psam == hello.psam), default=0)


def _require_sane(auth: Auth) -> None:
    numbers = [epoch.epoch for epoch in auth.epochs]
    if 0 in numbers or len(set(numbers)) != len(numbers):
        raise WireFault("AUTH: an epoch is 0 or stands twice")
    if any(not 1 <= epoch.oldest <= epoch.last + 1 for epoch in auth.epochs):
        raise WireFault("AUTH: oldest lies beyond last")
