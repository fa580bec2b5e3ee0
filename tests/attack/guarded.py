"""A campus at a broker with the doors and rights that provisioning wrote, and what a thief of one box can say there."""

import ssl
from getpass import getuser
from pathlib import Path
from random import Random

from compose.servers.ports import free_port
from tests.attack.cbor_bytes import message
from tests.attack.mqtt_bytes import Client
from tests.attack.place import Place, asked
from tests.attack.test_rights import CONFIGURATION, identity

BATCH, EPOCH_REQUEST, FACT = 1, 3, 11
ROWS_MAX = 100
"""Of one message of the thief's; each comes from an outbox of its own, for what is new has little credit."""
SEQ_AT, COUNTER_AT, TAC_AT = 18, 36, 54
"""In a stored record."""


class Guarded(Place):
    """As Place, with mutual TLS; `cloud` is the port of the cloud's own door."""

    def __init__(self, room: Path, rate: float = 15.0) -> None:
        super().__init__(room, rate)
        self.cloud = free_port()
        (self.data / "broker" / "acl").chmod(0o600)

    def words(self, name: str) -> tuple[object, ...]:
        """The command line of a part."""
        if name == "broker":
            file, folder = self.room / "mosquitto.conf", self.data / "broker"
            file.write_text(CONFIGURATION.format(port=self.port, cloud=self.cloud, folder=folder, user=getuser()))
            return ("mosquitto", "-c", file)
        words = super().words(name)
        if name != "ingest" and not name.startswith("edge-"):
            return words
        words = (*words, "--tls")
        here = f"127.0.0.1:{self.port}"
        return tuple(f"127.0.0.1:{self.cloud}" if name == "ingest" and word == here else word for word in words)

    def key_of(self, box: str) -> ssl.SSLContext:
        """What a thief of this box has."""
        return identity(self.data / "boxes" / box, "box")

    def urgent(self) -> list[tuple[str, str]]:
        """(code, box) of the urgent facts, oldest first."""
        return [(code, box or "") for code, box in asked(self.ledger, _URGENT)]


_URGENT = "SELECT code, box FROM fact WHERE level = 'urgent' ORDER BY id"


def thief(place: Place, box: str = "canteen") -> Client:
    """With the box's own certificate where the broker asks for one."""
    tls = place.key_of(box) if isinstance(place, Guarded) else None
    return Client(place.port, f"{box}-stolen", tls=tls)


def newest(place: Place, body: str) -> bytes:
    """The newest record of a terminal that is in the ledger, as stored."""
    sql = (
        "SELECT r.stored FROM record r JOIN device d ON d.device = substr(r.stored, 1, 6) "
        "WHERE d.name = ? AND r.verdict = 1 ORDER BY r.id DESC LIMIT 1"
    )
    place.until(f"{body} has a record", lambda: asked(place.ledger, sql, body))
    return bytes(asked(place.ledger, sql, body)[0][0])


def forged(stored: bytes, seq: int, rng: Random) -> bytes:
    """The same under another number and counter, with a TAC that no card has made."""
    raw = bytearray(stored)
    raw[SEQ_AT : SEQ_AT + 4] = seq.to_bytes(4, "big")
    raw[COUNTER_AT : COUNTER_AT + 2] = rng.randrange(0x8000, 0x10000).to_bytes(2, "big")
    raw[TAC_AT : TAC_AT + 4] = rng.randbytes(4)
    return bytes(raw)


def seq_of(stored: bytes) -> int:
    """The number of a record."""
    return int.from_bytes(stored[SEQ_AT : SEQ_AT + 4], "big")


def batches(records: list[bytes], rng: Random) -> list[bytes]:
    """Money messages with these records."""
    pieces = [records[at : at + ROWS_MAX] for at in range(0, len(records), ROWS_MAX)]
    return [message(BATCH, rng.randbytes(8), 1, piece) for piece in pieces]
