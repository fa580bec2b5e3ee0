"""Releases kept whole: what they left on their disks, and the bytes that their parts said to each other.

Whatever comes later opens their data folders, carries their ledgers over, and drains what lay in outboxes and
terminals when the power went: each record once, and the sums are those that were counted beside the product when the
folders were made (README.md).
"""

import asyncio
import json
import lzma
import shutil
import subprocess
import tarfile
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import cloud
import edge
from cloud.ledger.ledger import open_ledger
from cloud.process.settings import DSN_FILE, load_settings
from compose.servers.postgres import Postgres
from edge.box.up.signature import ack_verifier
from edge.files.deck import Deck
from edge.link import messages as link
from shared.wire import messages as wire
from tests.released import seams_0_1 as seams
from tests.released.field import Field, asked, books
from tests.scenes.plans import command, run

HERE = Path(__file__).parent
KEPT, NEWER = HERE / "0.1", HERE / "0.2"
RELEASES = pytest.mark.parametrize("kept", [KEPT, NEWER], ids=lambda kept: kept.name)
SQLITE, POSTGRES = "sqlite", "postgres"
LATER_S = {SQLITE: 60, POSTGRES: 20 * 365 * 86_400}
"""By the campus clock, after the power cut: one folder is opened the next minute, one after twenty years."""
BOUND_S = 120.0
BEFORE, AFTER = "before", "after"


@RELEASES
def test_what_is_kept_is_as_it_was(kept: Path) -> None:
    for line in (kept / "SHA256SUMS").read_text().splitlines():
        told, name = line.split()
        assert sha256((kept / name).read_bytes()).hexdigest() == told, f"{name} is released: nobody may change it"


@RELEASES
def test_released_schemas_are_as_they_were(kept: Path) -> None:
    """New files come beside them. Where a migration imports from may change, for modules move; nothing else of it."""
    for line in (kept / "SCHEMAS").read_text().splitlines():
        told, name = line.split()
        (found,) = [path for part in (cloud, edge) for path in Path(part.__path__[0]).rglob(name)]
        assert _digest(found) == told, f"{name} is released: a change of the schema is a new file"


def _digest(file: Path) -> str:
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return sha256("".join(one for one in lines if not one.startswith(("import ", "from "))).encode()).hexdigest()


# ---- bytes: to read them is a promise for ever; to write them so is until a later release says something new

WIRE: dict[str, dict[str, dict[str, Any]]] = json.loads((KEPT / "wire.json").read_text(encoding="utf-8"))
FACT = "now up: fact"
"""Written as a code and parameters since: its bytes are read, and have a test of their own."""
CASES = [(seam, case) for seam, cases in WIRE.items() for case in cases if seam not in (seams.KEY_PROCESS, FACT)]
KEY_CASES = sorted(WIRE[seams.KEY_PROCESS])


def kept_bytes(seam: str, case: str) -> bytes:
    return bytes.fromhex(WIRE[seam][case]["bytes"])


def means(kept: Any, told: Any) -> bool:
    """What was told then is told now; a later release may tell more."""
    if isinstance(kept, dict) and isinstance(told, dict):
        return all(name in told and means(value, told[name]) for name, value in kept.items())
    if isinstance(kept, list) and isinstance(told, list):
        return len(kept) == len(told) and all(map(means, kept, told))
    return type(kept) is type(told) and kept == told


@pytest.mark.parametrize(("seam", "case"), CASES)
def test_bytes_of_0_1_mean_what_they_meant(seam: str, case: str) -> None:
    told = seams.told(seams.SEAMS[seam].decode(kept_bytes(seam, case)))
    assert means(WIRE[seam][case]["means"], told), told


@pytest.mark.parametrize(("seam", "case"), CASES)
def test_bytes_of_0_1_are_still_written(seam: str, case: str) -> None:
    one = seams.SEAMS[seam]
    assert one.encode(one.values[case]).hex() == WIRE[seam][case]["bytes"]


LANES: dict[str, list[str]] = json.loads((NEWER / "lanes.json").read_text(encoding="utf-8"))
LINK: dict[str, str] = json.loads((NEWER / "terminal_messages.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", LANES)
def test_messages_of_0_2_between_box_and_cloud_are_understood(name: str) -> None:
    (one,) = [one for one in wire.MESSAGES if one.layout.name == name]
    for told, example in zip(LANES[name], one.examples, strict=False):
        assert one.decode(bytes.fromhex(told)) == example


@pytest.mark.parametrize("name", LINK)
def test_messages_of_0_2_between_terminal_and_box_are_understood(name: str) -> None:
    (one,) = [one for one in link.MESSAGES if one.name == name]
    assert one.decode(bytes.fromhex(LINK[name])) == one.example


def test_signatures_of_0_1_hold() -> None:
    ack = wire.decode_ack(kept_bytes("money down: signed ack", "signed"))
    assert ack_verifier(seams.PUBLIC)(ack)
    assert not ack_verifier(seams.PUBLIC)(ack._replace(body=ack.body + b"\0"))
    revoked = wire.decode_now_down(kept_bytes("now down: signed revocations", "three"))
    assert isinstance(revoked, wire.SignedRevocations)
    key = Ed25519PublicKey.from_public_bytes(seams.PUBLIC)
    key.verify(revoked.signature, wire.REVOCATIONS_CONTEXT + revoked.body)


@pytest.mark.parametrize("case", WIRE[FACT])
def test_fact_of_0_1_is_understood(case: str) -> None:
    """Code, level, time and device; its words are somewhere in it, whatever it is made of by then."""
    told = seams.told(wire.decode_now_up(kept_bytes(FACT, case)))
    kept = dict(WIRE[FACT][case]["means"])
    words = kept.pop("text")
    assert means(kept, told), told
    assert words in json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize("case", KEY_CASES)
def test_key_process_answers_a_ledger_of_0_1_as_it_did(case: str) -> None:
    kept, (role, _) = WIRE[seams.KEY_PROCESS][case], seams.KEY_ASKS[case]
    assert seams.key_operations().answer(bytes.fromhex(kept["request"]), role).hex() == kept["answer"]


@pytest.mark.parametrize("case", KEY_CASES)
def test_ledger_and_desk_understand_a_key_process_of_0_1(case: str) -> None:
    kept, (_, ask) = WIRE[seams.KEY_PROCESS][case], seams.KEY_ASKS[case]
    with seams.one_answer(lambda _: bytes.fromhex(kept["answer"])) as (client, _):
        assert seams.outcome(ask, client) == kept["means"]


@pytest.mark.parametrize("case", KEY_CASES)
def test_ledger_and_desk_still_ask_as_0_1_did(case: str) -> None:
    kept, (_, ask) = WIRE[seams.KEY_PROCESS][case], seams.KEY_ASKS[case]
    with seams.one_answer(lambda _: bytes.fromhex(kept["answer"])) as (client, asked):
        seams.outcome(ask, client)
    assert [request.hex() for request in asked] == [kept["request"]]


# ---- data folders


@dataclass
class Folder:
    """A copy of a kept data folder, and what was seen of it."""

    kind: str
    room: Path
    figures: dict[str, Any]
    release: str
    untrue: dict[str, list[str]] = field(default_factory=dict)
    """What `verify` had to say against it, before and after the drain."""
    carried: int = 0
    """Records in the ledger before the drain."""
    report: dict[str, Any] = field(default_factory=dict)
    owed: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.room / "campus"

    def field(self) -> Field:
        return Field(self.room, self.figures["campus_s"] + LATER_S[self.kind])

    def verify(self, when: str, keys: Path) -> None:
        checked = [
            run(*words, "--data", self.data) for words in (("edge", "verify"), ("cloud", "verify", "--keys", keys))
        ]
        self.untrue[when] = [done.stdout + done.stderr for done in checked if done.returncode]


def unpack(kept: Path, kind: str, room: Path) -> Folder:
    with lzma.open(kept / f"campus-{kind}.tar.xz") as packed, tarfile.open(fileobj=packed) as archive:
        archive.extractall(room, filter="data")
    figures = json.loads((kept / f"campus-{kind}.json").read_text(encoding="utf-8"))
    return Folder(kind, room, figures, kept.name)


def restore(folder: Folder, server: Postgres) -> None:
    """The ledger into a database of its own; its address where the cloud looks for it."""
    dsn = server.create_database(f"released_{folder.room.parent.name}_{folder.kind}".replace("-", "_"))
    words = (server.programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", folder.room / "ledger.sql", dsn)
    subprocess.run(words, check=True, capture_output=True, timeout=BOUND_S)
    (folder.data / "cloud" / DSN_FILE).write_text(f"{dsn}\n")


FOLDERS = [
    pytest.param((kept, kind), id=f"{kept.name}-{kind}", marks=[pytest.mark.postgres] if kind == POSTGRES else [])
    for kept in (KEPT, NEWER)
    for kind in (SQLITE, POSTGRES)
]


@pytest.fixture(scope="module", params=FOLDERS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """As it was kept; nothing has looked at it."""
    folder = unpack(*request.param, tmp_path_factory.mktemp("released") / "room")
    if folder.kind == POSTGRES:
        restore(folder, request.getfixturevalue("postgres_server"))
    return folder


async def _look(folder: Folder) -> None:
    async with folder.field() as field:
        await field.start("keys")
        open_ledger(load_settings(folder.data).books(None)).close()  # which carries an older one over
        await asyncio.to_thread(folder.verify, BEFORE, field.socket)
    with books(folder.data) as reader:
        folder.carried = asked(reader, "SELECT count(*) FROM record")[0][0]


@pytest.fixture(scope="module")
def opened(folder: Folder) -> Folder:
    """Carried over to this release and verified, before anything of it has drained."""
    asyncio.run(_look(folder))
    return folder


async def _drain(folder: Folder) -> None:
    async with folder.field() as field:
        await field.drain()
        folder.owed = {name: field.status(name)["unsettled"] for name in (*field.bodies, *field.boxes)}
        await asyncio.to_thread(folder.verify, AFTER, field.socket)
    folder.report = json.loads(run("cloud", "report", "--data", folder.data, "--json").stdout)


@pytest.fixture(scope="module")
def drained(opened: Folder) -> Folder:
    """Every part was started, nobody came to sell, the torn cards were presented again; and verified."""
    asyncio.run(_drain(opened))
    return opened


@pytest.mark.process
class TestDataFolder:
    def test_ledger_is_carried_over_and_true_before_it_drains(self, opened: Folder) -> None:
        assert opened.untrue[BEFORE] == []
        assert opened.carried == opened.figures["in_the_ledger"]

    def test_ledger_and_boxes_are_true_when_all_has_drained(self, drained: Folder) -> None:
        assert drained.untrue[AFTER] == []

    def test_every_record_of_rings_and_outboxes_is_in_the_ledger_once(self, drained: Folder) -> None:
        with books(drained.data) as reader:
            found = Counter(sha256(row[0]).hexdigest()[:32] for row in asked(reader, "SELECT stored FROM record"))
        assert {name: found[name] for name in drained.figures["records"] if found[name] != 1} == {}

    def test_terminals_and_boxes_owe_nothing(self, drained: Folder) -> None:
        assert set(drained.owed.values()) == {0}, drained.owed

    def test_books_come_to_what_was_counted_by_hand(self, drained: Folder) -> None:
        """0.1 gave a voided subsidy back to the pending load of the main purse; it has an account of its own now. And
        what its cashiers void by PIN alone is held, if the ledger did not have it before."""
        found = {name: drained.report[name] for name in drained.figures["books"]}
        held_fen = sum(_held_voids(drained.report).values())
        found["pending_fen"] += drained.report["pending_subsidy_fen"] + held_fen
        found["voided_fen"] += held_fen
        assert found == drained.figures["books"]

    def test_each_terminal_has_shown_and_posted_what_was_counted(self, drained: Folder) -> None:
        found = {name: _counted(row) for name, row in drained.report["terminals"].items()}
        for (name, number), fen in _held_voids(drained.report).items():
            assert number
            found[name] |= {"voids": found[name]["voids"] + 1, "voided_fen": found[name]["voided_fen"] + fen}
        assert found == {name: _wanted(row) for name, row in drained.figures["by_terminal"].items()}
        assert (drained.report["shown"]["lost"], drained.report["shown"]["double"]) == (0, 0)

    def test_each_card_holds_what_was_counted_and_the_ledger_knows(self, drained: Folder) -> None:
        wanted = {label: (one["main"], one["subsidy"]) for label, one in drained.figures["cards"].items()}
        held = {card.label: card.balances_fen() for card in Deck(drained.data).cards}
        with books(drained.data) as reader:
            booked = {card.label: (card.purse_fen, card.subsidy_fen) for card in reader.cards()}
        assert {label: (main, subsidy or 0) for label, (main, subsidy) in held.items()} == wanted
        assert booked == wanted

    def test_console_lets_its_people_in(self, drained: Folder) -> None:
        assert "/first-login/" in command("cloud", "sign-in", "--data", drained.data)

    @pytest.mark.parametrize("folder", [(KEPT, SQLITE)], ids=["0.1"], indirect=True)
    def test_launcher_goes_on_with_it(self, drained: Folder, tmp_path: Path) -> None:
        """By today's date, with people who buy. The load that waits for its card keeps it from saying that all is done.

        Not with --full, whose servers have certificates: they end two years after the folder was made.
        """
        room, sheet = shutil.copytree(drained.room, tmp_path / "room"), tmp_path / "sheet.json"
        command("compose", "up", "--data", room, "--for", "1s", "--report", sheet, code=1)
        told = json.loads(sheet.read_text(encoding="utf-8"))
        owed = {name: told[name] for name in ("lost", "double", "unexplained_fen", "unposted")}
        assert (told["verify"]["ok"], set(owed.values())) == (True, {0}), owed
        assert sorted({case["kind"] for case in told["open"]}) == ["transit", "void"]
        assert {name for name, _ in _held_voids(told)} == {"pos-3"}


def _held_voids(report: dict[str, Any]) -> dict[tuple[str, int], int]:
    """(terminal, seq) → fen."""
    return {(one["terminal"], one["number"]): one["amount_fen"] for one in report["open"] if one["kind"] == "void"}


def _counted(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] for name in ("taps", "spent_fen", "loads", "loads_fen", "voids", "voided_fen")}


def _wanted(row: dict[str, int]) -> dict[str, int]:
    """spent and voided: in the books, also what no display has shown."""
    sums = {"spent_fen": row["spent_fen"] + row["unshown_fen"], "voids": row["voids"] + bool(row["unshown_voids_fen"])}
    return {**_counted(row), **sums, "voided_fen": row["voided_fen"] + row["unshown_voids_fen"]}
