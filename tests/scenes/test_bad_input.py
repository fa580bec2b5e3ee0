"""Bad input on a live campus, over TCP and over MQTT: named, counted, kept where it must be; the lunch goes on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from compose.servers.ports import LOOPBACK
from edge.link.messages import AUTH, REFUSE, Auth, Refusal, Type
from edge.link.seal import Direction, Session, session_key
from edge.link.tcp.door import HAS_PSK, Psk, TlsClient
from edge.link.tcp.framing import encode as encode_frame
from edge.link.tcp.link import TcpTerminalLink
from shared.ids import BoxId, DeviceId, PsamId, StorageId, StoreId
from shared.keys.terminal_psk import psk_identity
from shared.records import Kind, Stored, decode, encode, parse_stored
from shared.wire.codec import MESSAGE_MAX
from shared.wire.messages import Batch, EpochRequest, Fact, encode_batch, encode_now
from shared.wire.topics import STATE, UP_MONEY, UP_NOW, topic
from tests.scenes.campus import Campus
from tests.scenes.plans import in_plain
from tests.scenes.stranger import R_TERM, Caller, hello_of, publish
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
UNKNOWN = DeviceId(b"\xee" * 6)
STORE = StoreId(b"stranger")


def device_of(campus: Campus, name: str) -> DeviceId:
    raw = json.loads((campus.data / "terminals" / name / "terminal.json").read_text())
    return DeviceId(bytes.fromhex(raw["device"]))


# ---- TCP


async def _frames(campus: Campus) -> None:
    for raw in (b"\0\0", b"\xff\xff" + bytes(100), b"GET / HTTP/1.1\r\n\r\n" * 300):
        async with Caller(campus) as caller:
            caller.throw(raw)
            assert await caller.is_hung_up(), raw[:4]
    async with Caller(campus) as caller:
        caller.throw(b"\0\x28" + hello_of(UNKNOWN)[:11])  # and is gone in the middle of a frame


async def _messages(campus: Campus) -> None:
    known = device_of(campus, "pos-1")
    wrong_version = bytearray(hello_of(known))
    wrong_version[1] = 0x20
    async with Caller(campus) as caller:
        for message in (b"\x7f", b"\x7f" * 4000, bytes(wrong_version), hello_of(known)[:-1], b"\x03"):
            caller.say(message)
        answer = await caller.hello(UNKNOWN)  # it still listens
        assert answer is not None
        assert REFUSE.decode(answer).reason is Refusal.UNKNOWN_DEVICE
        caller.say(bytes((Type.RECORD, 0x10)) + bytes(67))
        answer = await caller.hears()
        assert answer is not None
        assert REFUSE.decode(answer).reason is Refusal.BUSY


async def _wrong_key(campus: Campus) -> None:
    known = device_of(campus, "pos-1")
    async with Caller(campus) as caller:
        challenge = await caller.challenge(known)
        seal = Session(session_key(bytes(16), challenge.r_edge, R_TERM, known), known, Direction.UP)
        caller.say(seal.seal(Type.AUTH, AUTH.encode(Auth(()))))
        answer = await caller.hears()
        assert answer is not None
        assert REFUSE.decode(answer).reason is Refusal.WRONG_KEY


async def _over_tcp(room: Path) -> None:
    async with Campus(in_plain(room), seed=61) as campus:
        await campus.open()
        await campus.until_shown(10)
        await campus.until("all may sell", lambda: all(campus.status(name).get("epoch") for name in campus.bodies))
        joins = {name: campus.status(name)["joins"] for name in campus.bodies}
        for trial in (_frames, _messages, _wrong_key):
            await trial(campus)
            await campus.until_posted(5)
        await campus.until_told("terminal-malformed", "terminal-unknown", "terminal-wrong-key")
        await campus.close_shop()
        require_truth(campus)
        assert {name: campus.status(name)["joins"] for name in campus.bodies} == joins, "nobody was disturbed"
        assert campus.status("edge-canteen")["counters"]["malformed"] >= 5


def test_bad_input_over_tcp(room: Path) -> None:
    asyncio.run(_over_tcp(room))


# ---- TLS, as every new campus has it


@asynccontextmanager
async def _calling(campus: Campus, psk: Psk) -> AsyncIterator[TcpTerminalLink]:
    """Somebody's terminal that calls again and again."""
    (port,) = campus.where.ports.values()
    link = TcpTerminalLink(LOOPBACK, port, tls=TlsClient(psk))
    link.on_message(lambda _message: None)
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _at_tls(room: Path) -> None:
    async with Campus(room, seed=62) as campus:
        await campus.open()
        await campus.until_shown(10)
        known = psk_identity(device_of(campus, "pos-1"))
        async with (
            _calling(campus, Psk(known, bytes(16))),
            _calling(campus, Psk(UNKNOWN.hex(), bytes(16))),
            Caller(campus) as plain,
        ):
            plain.throw(encode_frame(hello_of(UNKNOWN)))
            assert await plain.is_hung_up()
            await campus.until_told("terminal-wrong-key", "terminal-unknown", "terminal-plain")
            await campus.until_shown(10)
        await campus.until_status(
            "all were counted", "edge-canteen", lambda said: said["counters"].get("tls_refused", 0) >= 3
        )
        assert campus.status("edge-canteen")["plain"] == []
        await campus.close_shop()
        require_truth(campus)


@pytest.mark.skipif(not HAS_PSK, reason="this Python has no TLS-PSK")
def test_who_may_not_call_by_tls_is_refused_and_named(room: Path) -> None:
    asyncio.run(_at_tls(room))


# ---- MQTT


def _lane(campus: Campus, lane: str, box: str = "canteen") -> str:
    partition = json.loads((campus.data / "boxes" / "canteen" / "edge.json").read_text())["partition"]
    return topic(partition, BoxId(box), lane)


def _junk(good: bytes) -> dict[str, bytes]:
    """Messages that are none, by what is wrong with them."""
    return {
        "empty": b"",
        "noise": b"\x00\xff" * 40,
        "unknown version": b"\x63" + good[1:],
        "truncated": good[:-3],
        "a tail": good + b"\0",
        "oversized": b"\x01" + bytes(MESSAGE_MAX),
        "no array": b"\x01\xa0",
        "unknown tag": b"\x01\x81\x18\x63",
        "deep": b"\x01" + b"\x81" * 50_000,
        "too many fields": b"\x01\x98\x60" + bytes(0x60),
    }


def _forged(genuine: bytes) -> dict[str, bytes]:
    """Records made out of a genuine one, by what is wrong with them."""
    device, epoch, psam, wire = parse_stored(genuine)
    record = decode(wire)
    free = record.seq + 30_000

    def made(**changes: Any) -> bytes:
        return Stored(device, epoch, psam, encode(record._replace(**changes))).to_bytes()

    return {
        "wrong TAC": made(seq=free, amount_fen=record.amount_fen + 1, counter=record.counter + 9000),
        "same key with other bytes": made(operator=record.operator ^ 1),
        "genuine TAC under another counter and sequence": made(seq=free + 1, counter=record.counter + 9001),
        "unknown card": made(seq=free + 2, card=b"\x77" * 10),
        "unknown kind": genuine[:15] + b"\x63" + genuine[16:],
        "truncated": genuine[:40],
    }


async def _over_mqtt(room: Path) -> None:
    async with Campus(room, seed=62) as campus:
        await campus.open()
        await campus.until_posted(20)
        genuine = campus.asked("SELECT stored FROM record WHERE verdict = 1 AND substr(stored, 16, 1) = x'01'")[5][0]
        assert decode(parse_stored(genuine).wire).kind == Kind.PURCHASE
        forged = _forged(genuine)
        batch = encode_batch(Batch(STORE, 1, (genuine, *forged.values())))
        duplicates = campus.status("ingest").get("duplicates", 0)
        junk = [*_junk(batch).values()]
        await campus.until_posted(1)
        publish(campus, _lane(campus, UP_MONEY), *junk)
        publish(campus, _lane(campus, UP_NOW), *(message for message in junk if message[:1] != b"\x63"))
        publish(campus, _lane(campus, STATE), b"noise")
        publish(campus, _lane(campus, UP_MONEY, "no-such-box"), encode_batch(Batch(STORE, 1, (genuine,))))
        publish(campus, _lane(campus, UP_MONEY), batch, batch)
        publish(
            campus,
            _lane(campus, UP_NOW),
            encode_now(EpochRequest(1, UNKNOWN, StorageId(b"somebody"), PsamId(bytes(6)), 0)),
        )
        publish(campus, _lane(campus, UP_NOW), encode_now(Fact("x" * 400, "no-such-level", 0, b"", "文" * 4000)))
        await campus.until_posted(20)
        await campus.until_told("message-junk", "record-quarantined", "epoch-refused")
        await campus.close_shop()
        view = require_truth(campus, quarantined=len(forged))
        assert view.duplicates > duplicates
        kept = campus.asked("SELECT count(*) FROM junk")[0][0]
        assert kept >= len(junk), "each is kept once, as it came"


def test_bad_input_over_mqtt(room: Path) -> None:
    asyncio.run(_over_mqtt(room))
