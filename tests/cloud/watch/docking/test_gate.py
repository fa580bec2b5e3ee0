"""The gate by its bytes: who comes in, who may publish and hear what, wills, bounds; nothing that comes throws it."""

import random

import pytest

from cloud.watch.docking.gate import core, wire
from cloud.watch.docking.gate.core import Gate, User
from cloud.watch.docking.gate.wire import Message
from cloud.watch.docking.rights.acl import host_rights, node_rights
from cloud.watch.docking.sparkplug.topics import Source
from shared.errors import WireFault

HOST, A, B = 1, 2, 3
RIGHT = "right"
DEATH_A = "spBv1.0/g/NDEATH/a"
USERS = {
    "host": User("host", host_rights("h"), may_retain=True),
    "a": User("a", node_rights(Source("g", "a"), "h")),
    "b": User("b", node_rights(Source("g", "b"), "h")),
}


def text(words: str | bytes) -> bytes:
    octets = words if isinstance(words, bytes) else words.encode()
    return len(octets).to_bytes(2) + octets


def packet(kind: int, flags: int, body: bytes) -> bytes:
    assert len(body) < 16_384
    length = bytes((len(body),)) if len(body) < 128 else bytes((len(body) & 0x7F | 0x80, len(body) >> 7))
    return bytes((kind << 4 | flags,)) + length + body


def connect(user: str, secret: str = RIGHT, will: tuple[str, bytes] | None = None, level: int = 4) -> bytes:
    flags = 0xC2 | (0x04 | 1 << 3 if will else 0)
    told = text(will[0]) + text(will[1]) if will else b""
    return packet(
        1, 0, text("MQTT") + bytes((level, flags)) + b"\0\x0a" + text("id") + told + text(user) + text(secret)
    )


def publish(topic: str, payload: bytes, qos: int = 0, number: int = 7, *, retain: bool = False) -> bytes:
    body = text(topic) + (number.to_bytes(2) if qos else b"") + payload
    return packet(3, qos << 1 | retain, body)


def subscribe(*filters: str, qos: int = 1) -> bytes:
    return packet(8, 2, b"\0\x01" + b"".join(text(one) + bytes((qos,)) for one in filters))


class Stand:
    """A gate with connections."""

    def __init__(self) -> None:
        self.gate = Gate(lambda user, password: USERS.get(user) if password == RIGHT else None)
        self.got: dict[int, bytearray] = {}
        self.closed: list[int] = []

    def say(self, connection: int, octets: bytes, now_s: float = 0.0) -> None:
        if connection not in self.got:
            self.got[connection] = bytearray()
            assert self.gate.opened(connection, now_s)
        self.take(self.gate.received(connection, octets, now_s))

    def take(self, done: core.Done) -> None:
        for connection, octets in done.sends:
            self.got[connection] += octets
        self.closed += done.closes

    def heard(self, connection: int) -> list[Message]:
        found, buffer = [], self.got[connection]
        while one := wire.taken(buffer):
            if one.kind == wire.Kind.PUBLISH:
                found.append(wire.publish(one)[0])
        return found


@pytest.fixture
def stand() -> Stand:
    found = Stand()
    found.say(HOST, connect("host") + subscribe("spBv1.0/#"))
    found.say(A, connect("a", will=(DEATH_A, b"gone")) + subscribe("#", "spBv1.0/g/NCMD/a"))
    found.say(B, connect("b") + subscribe("#"))
    return found


def test_who_is_not_known_or_speaks_another_version_is_told_so_and_let_go() -> None:
    stand = Stand()
    for at, (octets, code) in enumerate(
        ((connect("a", "wrong"), 5), (connect("nobody"), 5), (connect("a", level=5), 1))
    ):
        stand.say(at, octets)
        assert bytes(stand.got[at]) == wire.connack(code)
    assert stand.closed == [0, 1, 2]
    assert stand.gate.counts.turned_away == 3


@pytest.mark.parametrize(
    "topic",
    ["spBv1.0/g/NDATA/b", "spBv1.0/g/NCMD/b", "spBv1.0/g/NCMD/a", "spBv1.0/STATE/h", "oykt/v1/p00/b1/up/money",
     "oykt/v1/p00/b1/down/now", "oykt/v1/p00/b1/state", "$SYS/x", "spBv1.0/g/DDATA/b/d", "docked/x/y"],
)  # fmt: skip
def test_nothing_is_published_beyond_ones_own_node(stand: Stand, topic: str) -> None:
    stand.say(A, publish(topic, b"forged", 1))
    stand.say(HOST, subscribe("#", "$SYS/#"))
    assert stand.heard(HOST) == []
    assert stand.heard(B) == []
    assert stand.gate.counts.denied == 1


@pytest.mark.tck("conformance-mqtt-qos0 conformance-mqtt-qos1")
def test_what_is_ones_own_reaches_the_host_alone(stand: Stand) -> None:
    stand.say(A, publish("spBv1.0/g/DDATA/a/d1", b"1") + publish("spBv1.0/g/NDATA/a", b"2", 1))
    assert stand.heard(HOST) == [Message("spBv1.0/g/DDATA/a/d1", b"1"), Message("spBv1.0/g/NDATA/a", b"2", 1)]
    assert stand.heard(B) == [], "whatever it has subscribed"
    stand.say(HOST, publish("spBv1.0/g/NCMD/a", b"do"))
    assert [one.payload for one in stand.heard(A)] == [b"do"]
    assert stand.heard(B) == []


def test_a_will_is_told_unless_one_says_good_bye(stand: Stand) -> None:
    stand.take(stand.gate.closed(A))
    assert stand.heard(HOST) == [Message(DEATH_A, b"gone", 1)]
    stand.say(4, connect("a", will=(DEATH_A, b"gone")))
    stand.say(4, packet(14, 0, b""))
    assert stand.heard(HOST) == []
    assert stand.closed[-1] == 4


def test_a_will_may_not_say_more_than_its_session(stand: Stand) -> None:
    stand.say(5, connect("b", will=("spBv1.0/g/NDEATH/a", b"not mine")))
    stand.take(stand.gate.closed(5))
    assert stand.heard(HOST) == []


def test_a_second_session_of_an_account_ends_the_first_and_nobody_elses(stand: Stand) -> None:
    stand.say(6, connect("a"))
    assert stand.closed == [A]
    assert [one.topic for one in stand.heard(HOST)] == [DEATH_A]


def test_who_is_silent_is_let_go_and_his_will_told(stand: Stand) -> None:
    stand.say(HOST, packet(12, 0, b""), 14.0)
    stand.take(stand.gate.passed(16.0, 5.0))
    assert sorted(stand.closed) == [A, B]
    assert [one.topic for one in stand.heard(HOST)] == [DEATH_A]


def test_who_does_not_say_who_he_is_is_let_go() -> None:
    stand = Stand()
    stand.say(1, b"\x10")
    stand.take(stand.gate.passed(6.0, 5.0))
    assert stand.closed == [1]


def test_only_ours_are_retained(stand: Stand) -> None:
    stand.say(HOST, publish("spBv1.0/STATE/h", b"here", 1, retain=True))
    stand.say(A, publish("spBv1.0/g/NDATA/a", b"kept?", retain=True))
    stand.say(7, connect("b") + subscribe("spBv1.0/#"))
    stand.say(8, connect("host") + subscribe("spBv1.0/#"))
    for connection in (7, 8):
        assert stand.heard(connection) == [Message("spBv1.0/STATE/h", b"here", 1, is_retained=True)]


def test_bounds_of_sessions_and_filters(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "SESSIONS_MAX", 3)
    assert not stand.gate.opened(8, 0.0)
    monkeypatch.setattr(core, "FILTERS_MAX", 2)
    stand.heard(A)
    stand.say(A, subscribe("one", "two"))
    assert bytes(stand.got[A]).endswith(bytes((0x80, 0x80))), "two it has already"


@pytest.mark.parametrize(
    "octets",
    [publish("a/+", b""), publish("x", b"", qos=2), packet(1, 0, b""), packet(3, 0, b"\xff\xffx"), packet(15, 0, b""),
     b"\x30\xff\xff\xff\xff\x01", b"\x30\xff\xff\x7f", packet(3, 0, text(b"\xff\xfe"))],
)  # fmt: skip
def test_who_breaks_the_protocol_is_let_go(stand: Stand, octets: bytes) -> None:
    stand.say(A, octets)
    assert stand.closed == [A]
    assert stand.gate.counts.broken == 1


def test_no_bytes_throw_it() -> None:
    chance = random.Random(7)
    words = (connect("a"), publish("spBv1.0/g/NDATA/a", b"x", 1), subscribe("#"), packet(12, 0, b""))
    for _ in range(300):
        stand = Stand()
        octets = bytearray(b"".join(chance.choices(words, k=4)))
        for _ in range(chance.randrange(6)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        for at in range(0, len(octets), 5):
            stand.say(1, bytes(octets[at : at + 5]))


def test_a_packet_comes_in_pieces() -> None:
    buffer = bytearray()
    for octet in publish("spBv1.0/g/NDATA/a", b"x" * 300)[:-1]:
        buffer.append(octet)
        assert wire.taken(buffer) is None
    with pytest.raises(WireFault):
        wire.taken(bytearray(b"\x30\xff\xff\xff\x7f"))
