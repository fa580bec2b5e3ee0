"""On the wire between terminal and box: noise, half-open calls, and a stolen body with a genuine key."""

import json
from pathlib import Path
from random import Random

import pytest

from tests.attack.books import require_books
from tests.attack.place import Place, asked
from tests.attack.terminal_bytes import ACK, HELLO, RECORD, REFUSE, Caller, Joined

pytestmark = pytest.mark.process
CALLS = 60
HOLES = 120
STORAGE = b"attacker"


def body_of(place: Place, name: str) -> tuple[bytes, bytes, bytes]:
    """Its number, its key, and the PSAM that the ledger knows in it."""
    raw = json.loads((place.data / "terminals" / name / "terminal.json").read_text())
    device = bytes.fromhex(raw["device"])
    psam = asked(place.ledger, "SELECT psam FROM psam WHERE device = ?", device)[0][0]
    return device, bytes.fromhex(raw["key"]), psam


def head(seq: int, kind: int = 1, version: int = 1) -> bytes:
    return bytes((version, kind, 0, 0x40)) + seq.to_bytes(4, "big")


def _noise(place: Place, rng: Random) -> None:
    """Whatever comes, a call ends by being hung up on or by being ignored; the next one is answered."""
    for _ in range(CALLS):
        with Caller(place.ports["canteen"]) as caller:
            raw = rng.randbytes(rng.randrange(1, 5000))
            if rng.random() < 0.7:  # well framed
                raw = bytes((rng.choice([1, 3, 16, 19, 20, 22]), 0x10)) + raw[:4093]
                raw = len(raw).to_bytes(2, "big") + raw
            caller.throw(raw)
    with Caller(place.ports["canteen"]) as caller:
        caller.say(bytes((HELLO, 0x10)) + bytes(38))
        answer = caller.hears()
        assert answer is not None
        assert answer[0] == REFUSE


def _joined(place: Place, caller: Caller, name: str) -> Joined:
    device, key, psam = body_of(place, name)
    body = Joined(caller, device, key, STORAGE, psam)
    welcome = body.auth()
    assert welcome is not None
    return body


def _epoch(place: Place, name: str) -> int:
    """The epoch that the ledger gives the attacker's storage."""
    device, _, psam = body_of(place, name)
    sql = "SELECT epoch FROM epoch WHERE device = ? AND storage = ? AND psam = ?"
    place.until("an epoch", lambda: asked(place.ledger, sql, device, STORAGE, psam))
    return int(asked(place.ledger, sql, device, STORAGE, psam)[0][0])


def _stolen_body(place: Place, name: str, rng: Random) -> int:
    """Records of every kind and length, and holes without end; how many the box took."""
    with Caller(place.ports["canteen"]) as caller:
        _joined(place, caller, name)
    epoch = _epoch(place, name)
    device, key, psam = body_of(place, name)
    with Caller(place.ports["canteen"]) as caller:
        body = Joined(caller, device, key, STORAGE, psam)
        assert body.auth(epoch.to_bytes(2, "big") + psam + (1).to_bytes(4, "big") + bytes(4)) is not None
        kinds = [0, 1, 2, 4, 5, 7, 8, 9, 13, 14, 15, 99, 255]
        for seq, kind in enumerate(kinds, 1):
            body.ask_sealed(RECORD, head(seq, kind) + rng.randbytes(rng.randrange(0, 243)))
        for version in (0, 2, 255):
            body.ask_sealed(RECORD, head(len(kinds) + 1 + version, 1, version) + bytes(49))
        assert caller.until(ACK) is not None
        for seq in range(1001, 1001 + 2 * HOLES, 2):
            body.ask_sealed(RECORD, head(seq) + rng.randbytes(49))
        body.ask_sealed(RECORD, head(0xFFFF_FFFF) + bytes(49))
        for wrong in (bytes(8), head(3)[:7], head(3) + bytes(243)):
            body.ask_sealed(RECORD, wrong)
        while caller.hears(2.0) is not None:
            continue
    mine = device + epoch.to_bytes(2, "big")
    place.until(
        "all it said is judged",
        lambda: place.status("edge-canteen")["unsettled"] < 50
        and asked(place.ledger, "SELECT count(*) FROM record WHERE substr(stored, 1, 8) = ?", mine)[0][0]
        == asked(place.outbox(), "SELECT count(*) FROM record WHERE substr(key, 1, 8) = ?", mine)[0][0],
    )
    return int(asked(place.ledger, "SELECT count(*) FROM record WHERE substr(stored, 1, 8) = ?", mine)[0][0])


def test_noise_and_a_stolen_body(room: Path) -> None:
    rng = Random(101)
    with Place(room) as place:
        place.open("pos-1", "pos-2", "load-1", "pos-4")
        place.until_posted(10)
        idle = [Caller(place.ports["canteen"]) for _ in range(CALLS)]  # who say nothing, and stay
        _noise(place, rng)
        place.until_posted(10)
        taken = _stolen_body(place, "pos-3", rng)
        assert 20 < taken < HOLES, "what it says in order, and no more holes than are named"
        place.until_posted(20)
        for caller in idle:
            caller.close()
        assert place.status("edge-canteen")["counters"]["malformed"] > HOLES / 2
        place.close_shop()
        require_books(place, quarantined=asked(place.ledger, "SELECT count(*) FROM quarantine WHERE state = 0")[0][0])
