"""At a broker that forbids nothing: redelivery storms, retained garbage, costly messages, words of strangers."""

from pathlib import Path
from random import Random

import pytest

from tests.attack import cbor_bytes
from tests.attack.books import require_books
from tests.attack.cbor_bytes import head, message
from tests.attack.mqtt_bytes import Client
from tests.attack.place import Place, asked

pytestmark = pytest.mark.process
ALL = "oykt/v1/#"
STORMS = 2
LANES = ("up/now", "up/money", "up/bulk", "state", "down/now", "down/money")
STRANGE = (
    "oykt/v1/p99/canteen/up/money", "oykt/v1/p00/canteen/up/money", "oykt/v1/p00/../up/now", "oykt/v1/p00//state",
    "oykt/v1/p0\u0663/x/up/now", f"oykt/v1/p00/{'x' * 200}/up/now", "oykt/v1/p00/no-such-box/up/money",
)  # fmt: skip
BIG = 120_000
NEVER = 1 << 61


def huge(size: int) -> bytes:
    return head(2, size) + b"\xff" * size


def costly() -> list[bytes]:
    """Messages that some decoder would think about for seconds."""
    keys = ((n * (2**61 - 1)).to_bytes(11, "big") for n in range(1, 9000))
    colliding = b"".join(b"\xc2" + cbor_bytes.item(key) + b"\0" for key in keys)
    return [
        b"\x01\x81\xc4\x82\x01\xc2" + huge(BIG),
        b"\x01\x81\xd8\x1e\x82\xc2" + huge(BIG // 2) + b"\xc2" + huge(BIG // 2),
        b"\x01\x81" + head(5, 8999) + colliding,
        b"\x01" + b"\x81" * 200_000,
        b"\x01\x9a\x0f\xff\xff\xff",
        b"\x01" + head(4, 200_000) + b"\x80" * 200_000,
        b"\x01\x81\xd8\x23\x78\x40" + b"(a+)+" * 12 + b"aaaa",
    ]


def garbage(rng: Random) -> list[bytes]:
    """Messages that are none, and well-formed ones that nobody should say."""
    none = [b"", b"\0", b"\x02\x80", rng.randbytes(500)]
    none += [message(), message("text"), message(99), message(True), message(None)]
    device = b"\xee" * 6
    odd = [
        message(11, "x" * 3000, "no-such-level", NEVER, b"d" * 40, "\u202e" * 9000),
        message(11, "message-junk", "urgent", -NEVER, b"", "\n\r\x1b[2J"),
        message(10, device, [[1, b"psam01", NEVER, NEVER, NEVER, NEVER]], 1, 1, NEVER, True, NEVER, NEVER),
        message(12, "canteen", b"store--1", NEVER, True, NEVER, NEVER, NEVER, NEVER, NEVER, [], 0, 0),
        message(12, "annex", b"store--1", -NEVER, True, -1, -1, -1, -1, -1, [], 0, 0),
        message(8, b"store--1", NEVER, NEVER, [b"body", bytes(64)]),
        message(8, b"store--1", -5, -9, []),
        message(3, NEVER, device, b"storage1", b"psam01", 65535),
        message(5, device, 1, b"psam01", NEVER, b"\x01" + bytes(32), 0),
        message(7, b"\0" * 71),
        message(1, b"store--1", NEVER, [bytes(22)]),
        message(9, b"ledger01", b"store--1", NEVER),
        message(13, (1 << 48) - 1),
        message(2, b"body", bytes(64)),
        message(4, 1, device, b"storage1", b"psam01", 65535, ""),
        message(6, device, 1, 1, b"\x01" + bytes(12)),
    ]
    return none + odd


def _captured(place: Place, seconds: float) -> list[tuple[str, bytes]]:
    with Client(place.port, "spy") as spy:
        spy.subscribe(ALL)
        spy.listen(seconds)
        return [(heard.topic, heard.payload) for heard in spy.heard]


def _storm(place: Place, said: list[tuple[str, bytes]], rng: Random) -> None:
    """All that was said, again and again, in any order, upward and downward; flagged as delivered again or not."""
    with Client(place.port, "storm") as storm:
        for _ in range(STORMS):
            rng.shuffle(said)
            for topic, payload in said:
                storm.publish(topic, payload, again=rng.random() < 0.5)


def _retain(place: Place, said: list[tuple[str, bytes]], rng: Random) -> None:
    """Garbage and old words that greet whoever subscribes."""
    with Client(place.port, "retainer") as client:
        rubbish = garbage(rng)
        for box in ("canteen", "annex", "no-such-box"):
            for lane in LANES:
                topic = place.lane(lane, box) if box != "no-such-box" else f"oykt/v1/p00/{box}/{lane}"
                for payload in rubbish:
                    client.publish(topic, payload)
                client.publish(topic, rng.choice(rubbish), retain=True)
        for topic in STRANGE:
            client.publish(topic, rng.choice(rubbish), retain=True)
        for topic, payload in said[:: max(1, len(said) // 30)]:
            client.publish(topic, payload, retain=True)


def test_storms_and_garbage(room: Path) -> None:
    rng = Random(202)
    with Place(room) as place:
        place.open()
        place.until_posted(20)
        said = _captured(place, 2.0)
        assert {topic.rpartition("/")[2] for topic, _ in said} >= {"now", "money", "state"}
        _storm(place, said, rng)
        place.until_posted(20)
        _retain(place, said, rng)
        place.until_posted(20)
        place.kill("ingest")
        place.until_shown(20)
        place.start("ingest")  # greeted by what is retained
        place.kill("edge-canteen")
        place.start("edge-canteen")
        place.until_posted(40)
        with Client(place.port, "costly") as client:
            for payload in costly() * 3:
                client.publish(place.lane("up/money"), payload)
                client.publish(place.lane("up/now"), payload)
        place.until_posted(1)  # within its bound: such bytes are not thought about
        place.close_shop()
        quarantined = asked(place.ledger, "SELECT count(*) FROM quarantine WHERE state = 0")[0][0]
        assert quarantined <= 2 * 3, "of bytes that are no record, once for each box that is said to have sent them"
        require_books(place, quarantined=quarantined)
