"""No key stands where it does not belong: a campus sells, loads, refuses, verifies, reports, is dumped and killed.

The secrets are known (tests/scenes/canaries.py), and so is where each may stand in clear: a card's own keys on the
card, purchase masters and its own control key in a PSAM, K_term at its two ends, the demonstration's unlock file.
Nothing else in any file of the campus, in anything that a part said, on any wire, in a core, a backup, a dump.
"""

import asyncio
import json
import re
import signal
import sqlite3
import subprocess
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from cloud.keys.client import KeyClient, KeyRefused
from compose.servers.postgres import Postgres
from shared.purse.load_auth import LoadAuth
from tests.provisioning.running_keys import needs_softhsm
from tests.scenes.campus import Campus
from tests.scenes.canaries import Search, needles, secrets_of
from tests.scenes.plans import command, run
from tests.scenes.relay import Relay
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
SOLD = 25


class Wires:
    """What passed: by the name of the wire."""

    def __init__(self) -> None:
        self.heard: dict[str, bytearray] = defaultdict(bytearray)

    def ears(self, wire: str):
        """For Relay: who hears both ways."""
        return lambda: (self.heard[wire].extend, self.heard[wire].extend)


@asynccontextmanager
async def tapped(path: Path, ears):
    """A unix socket that passes everything on to the one at `path`."""

    async def pass_on(reader, writer, hears) -> None:
        while data := await reader.read(65536):
            hears(data)
            writer.write(data)
            await writer.drain()
        writer.close()

    async def join(reader, writer) -> None:
        there, onward = await asyncio.open_unix_connection(str(path))
        up, down = ears()
        await asyncio.gather(pass_on(reader, onward, up), pass_on(there, writer, down), return_exceptions=True)

    tap = path.with_name("tap.sock")
    server = await asyncio.start_unix_server(join, str(tap))
    try:
        yield tap
    finally:
        server.close()


async def _play(room: Path, *words: str) -> tuple[Wires, list[str]]:
    """A short day with everything recorded; what the commands said."""
    wires = Wires()
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(room, seed=71, rate=15.0, tear=0.1))
        port = next(iter(campus.where.ports.values()))
        to_broker = await stack.enter_async_context(Relay(campus.where.broker_port, wires.ears("mqtt")))
        to_edge = await stack.enter_async_context(Relay(port, wires.ears("tcp")))
        tap = await stack.enter_async_context(tapped(campus.socket, wires.ears("key process")))
        for name in ("edge-canteen", "ingest"):
            campus.reach(name, campus.where.broker_port, to_broker.port)
        for name in campus.bodies:
            campus.reach(name, port, to_edge.port)
        argv = campus.parts["ingest"].argv
        campus.parts["ingest"] = replace(
            campus.parts["ingest"], argv=tuple(str(tap) if word == str(campus.socket) else word for word in argv)
        )
        campus.say("keys", *words)
        await campus.open()
        await campus.until_posted(SOLD)
        await campus.until("a load", lambda: campus.status("keys").get("load_mac2"))
        await campus.close_shop()
        require_truth(campus)
        said = [str(campus.status(name)) for name in campus.parts] + _asked_wrongly(campus)
        campus.send("keys", signal.SIGABRT)  # would dump a core where the limits let it
        await campus.until("an end", lambda: not _alive(campus.pid("keys")))
    return wires, said


def _alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def _asked_wrongly(campus: Campus) -> list[str]:
    """Refusals and failures of commands: their texts."""
    said = []
    with KeyClient(campus.socket) as client:
        for auth in (
            LoadAuth(bytes(10), 1, 0, bytes(4), 0, 0, 100, 2, bytes(6), bytes(4)),
            LoadAuth(bytes(10), 1, 9, bytes(4), 0, 0, 100, 2, bytes(6), bytes(4)),
        ):
            with pytest.raises(KeyRefused) as caught:
                client.load_mac2(auth, 1)
            said.append(repr(caught.value))
    data = campus.data
    for words in (("verify", "--data", data, "--keys", campus.socket, "--json"), ("report", "--data", data)):
        said.append(command("cloud", *words))
    for words in (
        ("keys", "--data", data, "--socket", campus.socket),
        ("keys", "--data", data, "--socket", data / "s", "--passphrase-file", data / "keys/unlock"),
        ("campus", "--data", data, "--plan", campus.room / "plan.json"),
    ):
        done = run("provisioning", *words)
        assert done.returncode == 2, done
        said.append(done.stdout + done.stderr)
    return said


def _backup_and_dump(room: Path) -> None:
    """As an operator would make them: a copy by the database's own means, and the whole as SQL text."""
    with closing(sqlite3.connect(room / "campus/cloud/ledger.db")) as ledger:
        with closing(sqlite3.connect(room / "backup.db")) as backup:
            ledger.backup(backup)
        (room / "dump.sql").write_text("\n".join(ledger.iterdump()))


def _home(name: str, path: str) -> bool:
    """May a piece of this secret stand in clear in this file?"""
    kind, _, rest = name.partition(" ")
    if kind == "card":
        return path.startswith("campus/cards/") and path.endswith(".card")
    if kind == "K_term":
        return path == f"campus/terminals/{rest}/terminal.json" or path.startswith("campus/boxes/")
    if name.startswith("school purchase"):
        return path.startswith("campus/terminals/") and path.endswith("psam.bin")
    if kind == "PSAM":
        return path == f"campus/terminals/{rest.removeprefix('control ')}/psam.bin"
    return name == "unlock" and path == "campus/keys/unlock"


def _files(room: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(room.rglob("*")):
        if path.is_file() and not path.name.startswith("ballast"):
            yield str(path.relative_to(room)), path.read_bytes()


def _strays(search: Search, room: Path) -> tuple[list[str], set[str]]:
    """Secrets in files where they do not belong; secrets that were seen at home."""
    strays, at_home = [], set()
    for path, body in _files(room):
        for name in search.found(body):
            if _home(name, path):
                at_home.add(name)
            else:
                strays.append(f"{name}: {path}")
    return strays, at_home


@pytest.mark.parametrize("keeper", ["software", pytest.param("pkcs11", marks=needs_softhsm)])
def test_no_key_is_where_it_does_not_belong(room: Path, keeper: str) -> None:
    secrets = secrets_of(room / "campus")
    assert len(secrets) > 200
    if keeper == "pkcs11":
        command("provisioning", "token", "--data", room / "campus")
    wires, said = asyncio.run(_play(room, "--keeper", keeper))
    _backup_and_dump(room)
    search = Search(secrets)
    strays, at_home = _strays(search, room)
    assert strays == []
    assert {"school purchase 1", "unlock", "card 0001 load", "K_term pos-1"} <= at_home, "the search itself"
    assert {"mqtt", "tcp", "key process"} == set(wires.heard)
    for wire, heard in wires.heard.items():
        assert len(heard) > 1000
        assert search.found(bytes(heard)) == set(), wire
    assert search.found("\n".join(said).encode()) == set()


def _plant_log(room: Path, key: bytes) -> None:
    (room / "log").mkdir(exist_ok=True)
    (room / "log/edge.log").write_text(f"12:00:01 session under {key.hex()} opened\n")


def _plant_row(room: Path, key: bytes) -> None:
    with closing(sqlite3.connect(room / "campus/cloud/ledger.db")) as ledger:
        ledger.execute("CREATE TABLE left_over (note BLOB)")
        ledger.execute("INSERT INTO left_over VALUES (?)", (b"left over: " + key,))
        ledger.commit()


def _plant_text_in_a_row(room: Path, key: bytes) -> None:
    with closing(sqlite3.connect(room / "campus/cloud/ledger.db")) as ledger:
        ledger.execute("CREATE TABLE left_over (note TEXT)")
        ledger.execute("INSERT INTO left_over VALUES (?)", (b64encode(key).decode(),))
        ledger.commit()


def _plant_report(room: Path, key: bytes) -> None:
    (room / "report.json").write_text(json.dumps({"faults": [f"ValueError: {key[:8].hex().upper()}"]}))


def _plant_on_another_card(room: Path, key: bytes) -> None:
    """A master where a card's own keys belong: the right kind of file is no excuse."""
    with next((room / "campus/cards").glob("*.card")).open("ab") as file:
        file.write(key)


@pytest.mark.parametrize("plant", [_plant_log, _plant_row, _plant_text_in_a_row, _plant_report, _plant_on_another_card])
def test_a_planted_key_is_found_and_named(room: Path, plant) -> None:
    """The test above can fail: one load master, once, anywhere."""
    secrets = secrets_of(room / "campus")
    search = Search(secrets)
    assert _strays(search, room)[0] == []
    plant(room, secrets["school load 1"])
    (stray,) = _strays(search, room)[0]
    assert stray.startswith("school load 1: ")


async def _play_on(room: Path, dsn: str) -> None:
    """The short day again, on PostgreSQL."""
    async with Campus(room, seed=72, rate=15.0, tear=0.1) as campus:
        campus.say("ingest", "--dsn", dsn)
        await campus.open()
        await campus.until_shown(SOLD)
        await campus.until("a load", lambda: campus.status("keys").get("load_mac2"))
        await campus.close_shop()


@pytest.mark.postgres
def test_no_key_is_in_postgresql_or_in_its_dump(room: Path, postgres_server: Postgres, postgres: str) -> None:
    """pg_dump of a ledger that sold and loaded, and every file of the server: heap, write-ahead log, its own log."""
    secrets = secrets_of(room / "campus")
    store = ("--data", room / "campus", "--dsn", postgres)
    command("cloud", "import", *store)
    command("cloud", "deposit", *store, "--file", room / "deposits.jsonl")
    asyncio.run(_play_on(room, postgres))
    dumping = (postgres_server.programs / "pg_dump", "--inserts", "--dbname", postgres)
    dump = subprocess.run(dumping, capture_output=True, check=True).stdout
    assert len(re.findall(rb"INSERT INTO \S*record_?\w* VALUES", dump)) >= SOLD
    search = Search(secrets)
    assert search.found(dump) == set()
    assert search.found(dump + b"\\x" + secrets["school tac 1"].hex().encode()) == {"school tac 1"}
    files = [path for path in postgres_server.place.rglob("*") if path.is_file()]
    assert len(files) > 500
    assert {name for body in _different(files) for name in search.found(body)} == set()


def _different(files: list[Path]) -> Iterator[bytes]:
    """Each content once: every database of a server begins as a copy of the same files."""
    seen = set()
    for path in files:
        body = _bytes_of(path)
        if (digest := sha256(body).digest()) not in seen:
            seen.add(digest)
            yield body


def _bytes_of(path: Path) -> bytes:
    """Empty when the server has removed the file meanwhile, as it does at every checkpoint."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def test_the_search_finds_a_key_in_every_form_and_place() -> None:
    secret = bytes(range(0x80, 0x90))
    search = Search({"it": secret})
    for piece in (secret, secret[:8], secret[8:]):
        for before in range(7):
            raw = b"x" * before + piece + b"tail"
            for form in (raw, raw.hex().encode(), raw.hex().upper().encode(), b64encode(raw)):
                assert search.found(b"log line: " + form) == {"it"}, (before, form)
    assert search.found(bytes(range(0x81, 0x88)) * 3) == set()
    assert min(map(len, needles(secret))) >= 8
