"""The gate's core: who is in, what each has subscribed, what goes to whom. Pure: bytes come in, bytes go out.

A publish that is not allowed is dropped, as mosquitto does with a peer of 3.1.1; a subscription is granted, and brings
only what may be heard. A second session of one account ends the first. What breaks the protocol or a bound ends the
session, and its will is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.watch.docking.gate import wire
from cloud.watch.docking.gate.wire import Kind, Message, Packet
from cloud.watch.docking.rights.acl import Right, is_allowed, matches
from shared.errors import WireFault

SESSIONS_MAX = 300
FILTERS_MAX = 32
"""Of a session."""
RETAINED_MAX = 100
FILTER_MAX = 512
"""Characters."""
_REFUSED, _OTHER_VERSION = 5, 1


class User(NamedTuple):
    """Who came in. may_retain: one of ours, whose retained messages are kept."""

    name: str
    rights: Sequence[Right]
    may_retain: bool = False


Admit = Callable[[str, str], User | None]
"""Who that is, by user and password; None: nobody."""


@dataclass(slots=True)
class Session:
    """One connection. user None: it has not said yet who it is."""

    buffer: bytearray = field(default_factory=bytearray)
    user: User | None = None
    will: Message | None = None
    keepalive_s: int = 0
    filters: dict[str, int] = field(default_factory=dict)
    number: int = 0
    heard_s: float = 0.0


@dataclass(slots=True)
class Done:
    """What a step gave: bytes for connections, and those that are to be closed behind them."""

    sends: list[tuple[int, bytes]] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Counts:
    """Since the start."""

    sessions: int = 0
    turned_away: int = 0
    denied: int = 0
    broken: int = 0


class Gate:
    """All sessions. Not thread-safe."""

    def __init__(self, admit: Admit) -> None:
        self.counts = Counts()
        self._admit = admit
        self._sessions: dict[int, Session] = {}
        self._retained: dict[str, Message] = {}

    def opened(self, connection: int, now_s: float) -> bool:
        """Somebody is at the door; False: there are too many."""
        if len(self._sessions) >= SESSIONS_MAX:
            self.counts.turned_away += 1
            return False
        self._sessions[connection] = Session(heard_s=now_s)
        return True

    def received(self, connection: int, octets: bytes, now_s: float) -> Done:
        """Bytes of a connection."""
        done = Done()
        session = self._sessions.get(connection)
        if session is None:
            return done
        session.buffer += octets
        session.heard_s = now_s
        try:
            while connection in self._sessions and (packet := wire.taken(session.buffer)):
                self._packet(connection, session, packet, done)
        except WireFault:
            self.counts.broken += 1
            self._ends(connection, done)
        return done

    def closed(self, connection: int) -> Done:
        """The connection is gone: its will is told."""
        done = Done()
        self._ends(connection, done)
        return done

    def passed(self, now_s: float, first_s: float) -> Done:
        """Time has passed: who is silent beyond his keepalive, or has not said who he is in first_s, is let go."""
        done = Done()
        for connection, session in list(self._sessions.items()):
            most_s = 1.5 * session.keepalive_s if session.user else first_s
            if most_s and now_s - session.heard_s > most_s:
                self._ends(connection, done)
        return done

    def forget(self, user: str) -> Done:
        """An account is gone, or has another secret."""
        done = Done()
        for connection, session in list(self._sessions.items()):
            if session.user is not None and session.user.name == user:
                self._ends(connection, done)
        return done

    def _packet(self, connection: int, session: Session, packet: Packet, done: Done) -> None:
        if session.user is None:
            self._connects(connection, session, packet, done)
            return
        match packet.kind:
            case Kind.PUBLISH:
                message, number = wire.publish(packet)
                if number:
                    done.sends.append((connection, wire.puback(number)))
                self._publishes(session.user, message, done)
            case Kind.SUBSCRIBE:
                self._subscribes(connection, session, packet, done)
            case Kind.UNSUBSCRIBE:
                number, gone = wire.filters(packet)
                for text, _ in gone:
                    session.filters.pop(text, None)
                done.sends.append((connection, wire.unsuback(number)))
            case Kind.PINGREQ:
                done.sends.append((connection, wire.PINGRESP))
            case Kind.PUBACK:
                pass
            case Kind.DISCONNECT:
                session.will = None
                self._ends(connection, done)
            case _:
                raise WireFault("a packet out of place")

    def _connects(self, connection: int, session: Session, packet: Packet, done: Done) -> None:
        if packet.kind != Kind.CONNECT:
            raise WireFault("a packet before CONNECT")
        asked = wire.connect(packet.body)
        user = self._admit(asked.user, asked.password) if asked.level == wire.LEVEL else None
        if user is None:
            self.counts.turned_away += 1
            code = _REFUSED if asked.level == wire.LEVEL else _OTHER_VERSION
            done.sends.append((connection, wire.connack(code)))
            self._ends(connection, done)
            return
        done_before = self.forget(user.name)
        done.sends += done_before.sends
        done.closes += done_before.closes
        session.user, session.will, session.keepalive_s = user, asked.will, asked.keepalive_s
        self.counts.sessions += 1
        done.sends.append((connection, wire.connack(0)))

    def _subscribes(self, connection: int, session: Session, packet: Packet, done: Done) -> None:
        number, asked = wire.filters(packet)
        granted = []
        for text, qos in asked:
            if len(text) > FILTER_MAX or (text not in session.filters and len(session.filters) >= FILTERS_MAX):
                granted.append(0x80)
            else:
                session.filters[text] = qos
                granted.append(qos)
        done.sends.append((connection, wire.suback(number, granted)))
        for message in self._retained.values():
            if any(matches(text, message.topic) for text, _ in asked):
                self._sends(connection, session, message, done)

    def _publishes(self, user: User, message: Message, done: Done) -> None:
        if not is_allowed(user.rights, message.topic, is_write=True):
            self.counts.denied += 1
            return
        if message.is_retained and user.may_retain:
            self._retains(message)
        for connection, session in self._sessions.items():
            self._sends(connection, session, message._replace(is_retained=False), done)

    def _retains(self, message: Message) -> None:
        self._retained.pop(message.topic, None)
        if message.payload and len(self._retained) < RETAINED_MAX:
            self._retained[message.topic] = message

    def _sends(self, connection: int, session: Session, message: Message, done: Done) -> None:
        found = [qos for text, qos in session.filters.items() if matches(text, message.topic)]
        if not found or session.user is None or not is_allowed(session.user.rights, message.topic, is_write=False):
            return
        session.number = session.number % 0xFFFF + 1
        sent = message._replace(qos=min(message.qos, max(found)))
        done.sends.append((connection, wire.published(sent, session.number)))

    def _ends(self, connection: int, done: Done) -> None:
        session = self._sessions.pop(connection, None)
        if session is None:
            return
        done.closes.append(connection)
        if session.user is not None and session.will is not None:
            self._publishes(session.user, session.will, done)
