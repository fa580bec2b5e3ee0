"""How the data folders of release 0.1 were made: a day that goes wrong, played with that release's own code.

Run by hand, never by the suite, and only to read how it was: `python -m tests.released.make_release_0_1 FOLDER` writes
two archives and their figures. What each purse and each terminal must come to is counted here, tap by tap, beside the
product, and held against cards and shown logs before it is written down.
"""

import asyncio
import json
import lzma
import shutil
import sqlite3
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

from cloud.process.settings import DSN_FILE
from compose.campus import campus as lines
from compose.campus.lines import write_lines
from compose.campus.plan import Box, Card, Link, LinkKind, Plan, Terminal, write_plan
from compose.parts.part import Part
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from compose.servers.postgres import postgres as prepare_postgres
from edge.files.deck import CardFile, Deck, Laid
from edge.files.memory import FileMemory, read_image
from edge.terminal.counter.pulling import PulledAtDebit
from edge.terminal.station.flash_file import FileFlash
from edge.terminal.station.shown import read_shown
from edge.terminal.station.station import Station
from edge.terminal.station.wires import Wire
from edge.terminal.store.flash import Flash
from edge.terminal.taps.steps import End, Result, Tap
from provisioning.plan.demo import demo_plan
from shared.clocks.campus_clock import WALL
from shared.purse.commands import SFI_HOLDER, SFI_PUBLIC
from shared.purse.cos.cardfs import KeyKind, decode_card
from shared.purse.cos.torn import Tear
from shared.purse.crypto import TYPE_CAPP_PURCHASE, TYPE_EP_LOAD, TYPE_EP_PURCHASE
from shared.purse.files import LOG_DEPTH, LOG_RECORD_SIZE
from shared.purse.outcomes import PendingLoad, PendingPurchase
from shared.purse.profiles import CAMPUS, SFI_CAPP, SFI_LOG
from shared.records import Kind, PurchaseRecord, Stored, decode, encode
from tests.released.field import Field, asked, books
from tests.scenes.plans import command, edit

BALLAST_BYTES = 1 << 16
CASHIER, DESK, LOADER, STOLEN = "王芳", "desk-1", "load-1", "pos-4"
RICH_FEN, POOR_FEN, SUBSIDY_FEN, DEPOSIT_FEN, GRANT_FEN = 20_000, 2_000, 1_500, 50_000, 3_000
LOAD_FEN, CASH_FEN = 5_000, 5_000
HALF_FEN = 739
"""What is left of the subsidy of 0006 when its last payment tears."""
BOUND_S = 20.0
ISSUED, EXPIRES = "2026-11-01", "2099-12-31"


def plan() -> Plan:
    """Counters on CAN, RS-485 and TCP, one more that is stolen, a load machine, a desk; and a bus."""
    links = (Link("can0", LinkKind.CAN, 125_000), Link("line0", LinkKind.RS485, 115_200), _tcp())
    bodies = [("pos-1", "can0", 1), ("pos-2", "line0", 1), ("pos-3", "tcp", 0), (STOLEN, "tcp", 0)]
    counters = [Terminal(name, "pos", link, at, f"商户{name[-1]}", f"{name[-1]}号窗口") for name, link, at in bodies]
    others = [Terminal(LOADER, "load", "tcp", 0, "", "一楼大厅"), Terminal(DESK, "desk", "tcp", 0, "", "卡务中心")]
    doors = [("front", "in"), ("back", "out")]
    doors_of_bus = tuple(Terminal(name, "validator", "tcp", 0, "校车", name, door, 1) for name, door in doors)
    canteen = Box("canteen", "第一食堂", links, (*counters, *others))
    cards = [Card(f"{n:04d}", RICH_FEN if n % 2 else POOR_FEN, None if n % 3 else SUBSIDY_FEN) for n in range(1, 13)]
    return Plan(
        1, "演练校园", True, (canteen, Box("bus", "校车一号线", (_tcp(),), doors_of_bus)), tuple(cards), None, (),
        demo_plan(0)["fares"],
    )  # fmt: skip


def _tcp() -> Link:
    return Link("tcp", LinkKind.TCP, 0)


@dataclass
class Purse:
    """What a card must hold."""

    main: int
    subsidy: int

    def pay(self, fen: int, *, subsidy_first: bool) -> None:
        part = min(self.subsidy, fen) if subsidy_first else 0
        self.subsidy -= part
        self.main -= fen - part


@dataclass
class Sold:
    """What a terminal must have shown."""

    taps: int = 0
    spent_fen: int = 0
    loads: int = 0
    loads_fen: int = 0
    voids: int = 0
    voided_fen: int = 0
    unshown_fen: int = 0
    """Posted though no display ever said so."""
    unshown_voids_fen: int = 0


@dataclass
class Truth:
    """The count beside the product."""

    purses: dict[str, Purse]
    terminals: dict[str, Sold] = field(default_factory=dict)

    def at(self, name: str) -> Sold:
        return self.terminals.setdefault(name, Sold())

    def paid(self, name: str, label: str, fen: int, *, subsidy_first: bool = True) -> None:
        self.debited(label, fen, subsidy_first=subsidy_first)
        self.at(name).taps += 1
        self.at(name).spent_fen += fen

    def paid_before(self, name: str, fen: int) -> None:
        """Shown now, and debited before."""
        self.at(name).taps += 1
        self.at(name).spent_fen += fen

    def debited(self, label: str, fen: int, *, subsidy_first: bool = True) -> None:
        self.purses[label].pay(fen, subsidy_first=subsidy_first)

    def loaded(self, name: str, label: str, fen: int) -> None:
        self.purses[label].main += fen
        self.at(name).loads += 1
        self.at(name).loads_fen += fen


class Day:
    """One day of one campus. Terminals are driven here, all else runs as processes."""

    def __init__(self, room: Path) -> None:
        self.room = room
        self.campus = Field(room, WALL.at(time.time()))
        self.truth = Truth({card.label: Purse(card.opening_fen, card.subsidy_fen or 0) for card in plan().cards})
        self.deck = Deck(self.campus.data)
        self.stations: dict[str, Station] = {}
        self.campus.parts |= {part.name: part for part in self._office()}

    def _office(self) -> list[Part]:
        """Console and desk service, which the parts of a field go without."""
        where = self.campus.where
        console = next(part for part in lines.core_parts(where, ("broker",)) if part.name == "console")
        argv = [str(free_port()) if word == "0" else word for word in console.argv]
        desk = lines.desk_parts(where, self.campus.plan, free_port(), ("broker",))
        return [Part("console", tuple(argv)), *(Part(part.name, part.argv) for part in desk)]

    # ---- terminals

    def opens(self, *names: str) -> None:
        for name in names:
            folder = self.campus.data / "terminals" / name
            self.stations[name] = Station(folder, self._wire(name), WALL, lambda _: None)
            self.stations[name].start()

    def _wire(self, name: str) -> Wire:
        argv = self.campus.parts[f"t-{name}"].argv
        options = {word: argv[at + 1] for at, word in enumerate(argv) if word in ("--tcp", "--can", "--rs485")}
        return Wire(**{word[2:]: value for word, value in options.items()})

    async def joined(self, *names: str) -> None:
        for name in names:
            assert await self.stations[name].joined(BOUND_S), name

    async def tap(self, name: str, label: str, make: str, *words: Any, pull: Tear | None = None) -> Result:
        station, card = self.stations[name], self.deck.find(label)
        assert card is not None
        tap: Tap[Result] = getattr(station.firmware, make)(*words, station.now())
        with Laid(card, station.disk) as laid:
            channel = laid.channel if pull is None else PulledAtDebit(laid.channel, pull)
            result = await station.tap(tap, channel)
        await asyncio.sleep(0)
        return result

    async def sells(self, name: str, label: str, fen: int) -> None:
        result = await self.tap(name, label, "sale", fen)
        assert result.end is End.DONE, result
        self.truth.paid(name, label, fen)

    async def tears(self, name: str, label: str, fen: int, pull: Tear) -> None:
        """The card leaves at its debit; whether it was debited is `pull`'s."""
        result = await self.tap(name, label, "sale", fen, pull=pull)
        assert result.end is End.UNKNOWN, result

    async def rides(self, name: str, label: str, stop: int, fen: int) -> None:
        self.stations[name].firmware.at_stop(stop, 0)
        result = await self.tap(name, label, "ride")
        assert (result.end, result.amount_fen or (result.row and result.row.amount_fen)) == (End.DONE, fen), result
        self.truth.paid(name, label, fen, subsidy_first=False)

    async def loads(self, label: str, fen: int) -> None:
        result = await self.tap(LOADER, label, "load", fen)
        assert result.end is End.DONE, result
        self.truth.loaded(LOADER, label, fen)

    async def voids(self, name: str, *halves: int) -> None:
        """Of the last sale; of a mixed payment both halves."""
        station = self.stations[name]
        result = await station.tap(station.firmware.void(station.now()), None)
        assert result.end is End.DONE, result
        self.truth.at(name).voids += len(halves)
        self.truth.at(name).voided_fen += sum(halves)

    def forges(self, name: str) -> None:
        """A record over a sum that no card has paid, in the terminal's own ring: its TAC is wrong."""
        station = self.stations[name]
        flash = station.firmware.body.flash
        genuine = next(
            r for r in map(decode, _ring(flash)) if isinstance(r, PurchaseRecord) and r.kind == Kind.PURCHASE
        )
        changed = genuine._replace(seq=flash.next_seq(), counter=genuine.counter + 9_000, amount_fen=1)
        flash.append(encode(changed))
        station.firmware.tick(station.now())
        station._after()

    async def drained(self, *names: str) -> None:
        for name in names:
            assert await self.stations[name].drained(BOUND_S), name

    async def acked(self, *names: str) -> None:
        """All that these have written is in the outbox, and they know it."""
        lines_of = [self.stations[name].firmware.line for name in names]
        await self.campus.until("all ACKed", lambda: not any(line.window.unsent for line in lines_of))

    # ---- people

    def desk(self, verb: str, *words: object) -> None:
        command("edge.desk", verb, "--data", self.campus.data, "--cashier", CASHIER, *words)

    def ledger(self, verb: str, *words: object) -> str:
        return command("cloud", verb, "--data", self.campus.data, *words)

    def settled(self) -> bool:
        return not any(self._owed())

    def _owed(self) -> list[object]:
        return [self.campus.status(name).get("unsettled", 1) for name in self.campus.boxes]


def _ring(flash: Flash) -> list[bytes]:
    """Wire bytes of all records of the current epoch."""
    epoch = flash.current
    assert epoch is not None
    kept = [flash.kept(seq) for seq in range(1, epoch.last + 1)]
    return [wire for wire in kept if wire is not None]


POS = ("pos-1", "pos-2", "pos-3", STOLEN)
BUS = ("front", "back")


async def play(day: Day) -> None:
    """The whole day. What is open at its end is what the power cut leaves."""
    campus = day.campus
    async with campus:
        core = [name for name in campus.parts if not name.startswith("t-")]
        await campus.start(*core)
        day.opens(*POS, LOADER, *BUS)
        await day.joined(*POS, LOADER, *BUS)
        await _morning(day)
        await _half_done(day)
        await _stolen(day)
        await _without_ingest(day)
        await _without_boxes(day)
        await campus.kill_all()
        for station in day.stations.values():  # the link's tasks alone: no file is closed, as in a power cut
            for task in station._tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def _morning(day: Day) -> None:
    """All is well: sales of one purse and of two, loads, a claim, a void, a ride, cash at the desk."""
    for at, name in enumerate(POS):
        for n in range(6):
            await day.sells(name, f"{(at * 3 + n) % 12 + 1:04d}", 150 + 35 * n)
    await day.sells("pos-1", "0012", 1_900)
    await day.loads("0002", LOAD_FEN)
    await day.loads("0004", 2 * LOAD_FEN)
    await day.rides("front", "0005", 1, 0)
    await day.rides("front", "0007", 1, 0)
    await day.rides("back", "0005", 4, 200)
    await day.sells("pos-3", "0001", 900)
    await day.voids("pos-3", 900)
    day.ledger("grant", "--card", "0008", "--fen", GRANT_FEN, "--reason", "助学金")
    day.ledger("grant", "--card", "0010", "--fen", GRANT_FEN, "--reason", "助学金")
    claimed = await day.tap("pos-3", "0008", "claim")
    assert claimed.end is End.DONE, claimed
    day.truth.loaded("pos-3", "0008", GRANT_FEN)
    await asyncio.to_thread(day.desk, "cash-in", "--card", "0011", "--yuan", CASH_FEN // 100)
    await asyncio.to_thread(day.desk, "load", "--card", "0011", "--yuan", "20")
    day.truth.loaded(DESK, "0011", 2_000)
    await day.drained(*POS, LOADER, *BUS)
    await day.campus.until("all settled", day.settled)


async def _half_done(day: Day) -> None:
    """A purchase and a load that tore, another card behind each: grey records in the ledger; and bytes that lie."""
    await day.tears("pos-2", "0009", 230, Tear.AFTER)
    day.truth.debited("0009", 230)
    await day.sells("pos-2", "0003", 310)
    torn = await day.tap(LOADER, "0006", "load", LOAD_FEN, pull=Tear.BEFORE)
    assert torn.end is End.UNKNOWN, torn
    await day.loads("0012", LOAD_FEN)
    day.forges("pos-1")
    await day.acked(*POS, LOADER)
    await day.campus.until("all settled", day.settled)


async def _stolen(day: Day) -> None:
    """A counter is stolen with its PSAM while its box is dead; what it sold then is held."""
    campus, body = day.campus, day.stations[STOLEN]
    await campus.kill("edge-canteen")
    for n in range(4):
        await day.sells(STOLEN, f"{n * 2 + 1:04d}", 120)
    psam = body.firmware.body.psam.hex()
    said = ("--since", "2026-11-01T00:00", "--who", "李四", "--reason", "窗口被撬")
    await asyncio.to_thread(day.ledger, "psam-stolen", "--psam", psam, *said)
    await campus.until_status("the bus holds the list", "edge-bus", lambda said: said["revocations"] == 1)
    await campus.start("edge-canteen")
    await day.joined(*(name for name in POS if name != STOLEN), LOADER)
    await campus.until("its takings arrived", lambda: not body.firmware.body.flash.unsettled)
    held = ("held", "propose", "--psam", psam, "--to", "holder", "--who", "张三", "--reason", "被盗")
    await asyncio.to_thread(day.ledger, *held)


async def _without_ingest(day: Day) -> None:
    """kill -9 of the ingest: the boxes go on taking records that nobody settles."""
    await day.campus.kill("ingest", "console", "desk")
    for at, name in enumerate(("pos-1", "pos-2", "pos-3")):
        for n in range(4):
            await day.sells(name, f"{(at + n * 3) % 12 + 1:04d}", 100 + 10 * n)
    await day.rides("back", "0007", 3, 150)
    await day.rides("front", "0001", 2, 0)
    await day.acked("pos-1", "pos-2", "pos-3", *BUS)


async def _without_boxes(day: Day) -> None:
    """kill -9 of the boxes: records that only the terminals have, and taps of which nothing but a pending slot is."""
    await day.campus.kill("edge-canteen", "edge-bus")
    for at, name in enumerate(("pos-1", "pos-2", "pos-3")):
        for n in range(3):
            await day.sells(name, f"{(at * 4 + n) % 12 + 1:04d}", 105 + n)
    await day.rides("back", "0001", 5, 200)
    subsidy_fen = day.truth.purses["0003"].subsidy
    await day.sells("pos-3", "0003", 2_000)
    await day.voids("pos-3", subsidy_fen, 2_000 - subsidy_fen)
    day.forges("pos-2")
    await day.tears("pos-1", "0001", 170, Tear.AFTER)
    day.truth.debited("0001", 170)
    await day.tears("pos-3", "0005", 190, Tear.BEFORE)
    await day.tears("front", "0011", 0, Tear.AFTER)
    assert day.truth.purses["0006"].subsidy == HALF_FEN, day.truth.purses["0006"]
    await day.tears("pos-2", "0006", HALF_FEN + 100, Tear.AFTER)
    day.truth.debited("0006", HALF_FEN)


# ---- a card of before


def as_version_1(raw: bytes) -> bytes:
    """The image of a card in the format of before: one application, one CAPP record, no key but of money."""
    (directory,) = [stored.open() for stored in decode_card(raw).directories if stored.name == CAMPUS.aid]
    (purse,) = directory.purses
    files = {sfi: directory.by_sfi(sfi) for sfi in (SFI_PUBLIC, SFI_HOLDER, SFI_CAPP, SFI_LOG)}
    public, holder, capp, log = (file.content for file in files.values() if file is not None)
    proofs = [purse.proof(kind) for kind in (TYPE_EP_LOAD, TYPE_EP_PURCHASE, TYPE_CAPP_PURCHASE)]
    keys = [[*directory.slots(kind)] for kind in (KeyKind.PURCHASE, KeyKind.LOAD, KeyKind.TAC)]
    body = b"\xc1\x01" + struct.pack(">IHH", purse.balance_fen, purse.online, purse.offline)
    body += purse.limit_fen.to_bytes(3, "big")
    body += b"".join(struct.pack(">H4s4s", *proof) if proof else bytes(10) for proof in proofs)
    body += capp[:48] + log.ljust(LOG_DEPTH * LOG_RECORD_SIZE, b"\0")
    body += struct.pack(">IBBB", purse.ceiling_fen, purse.options, len(keys[0]), len(keys[1]))
    body += b"".join(bytes((len(octets),)) + octets for octets in (directory.name, public, holder))
    slots = (*keys[0], *keys[1])
    body += b"".join(struct.pack(">BBBB16s", s.key_id, s.first, s.second, 0, s.octets) for s in slots)
    body += keys[2][0].octets
    return body + struct.pack(">I", crc32(body))


def age(card: CardFile) -> None:
    """Put a card's image back into the format of before."""
    held = card.balances_fen()
    with FileMemory(card.path) as memory:
        memory.store(as_version_1(memory.load()))
    assert (card.balances_fen(), read_image(card.path)[:2]) == (held, b"\xc1\x01")


# ---- what is kept of it


def make(folder: Path, dsn: str) -> Path:
    """A campus with its opening balances and deposits. dsn: empty = SQLite."""
    folder.mkdir(parents=True)
    write_plan(folder / "plan.json", plan(), {"issued": ISSUED, "expires": EXPIRES})
    data = folder / "campus"
    command("provisioning", "campus", "--data", data, "--plan", folder / "plan.json")
    if dsn:
        (data / "cloud" / DSN_FILE).write_text(f"{dsn}\n")
    command("cloud", "import", "--data", data)
    rows = [{"card": card.label, "fen": DEPOSIT_FEN, "key": f"first-{card.label}"} for card in plan().cards]
    write_lines(folder / "deposits.jsonl", rows)
    command("cloud", "deposit", "--data", data, "--file", folder / "deposits.jsonl")
    command("cloud", "cashier", "--data", data, "--name", CASHIER)
    mark = {"full": bool(dsn), "all_can": False, "sm4": False}
    (folder / "opened.json").write_text(json.dumps(mark))
    for box in plan().boxes:
        edit(data / "boxes" / box.box / "edge.json", outbox={"ballast_bytes": BALLAST_BYTES})
    return folder


def figures(day: Day, data: Path, at_s: int) -> dict[str, Any]:
    """What stands in the folder, and what it must come to when all is drained."""
    truth = day.truth
    for card in day.deck.cards:
        assert card.balances_fen() == _held(truth.purses[card.label], card.balances_fen()[1]), card.label
    shown = {log.parent.name: _shown(log) for log in sorted((data / "terminals").glob("*/shown.log"))}
    assert shown == {name: asdict(sold) for name, sold in sorted(truth.terminals.items())}, shown
    stored = sorted(_stored(data))
    _require_a_day_that_went_wrong(data)
    with books(data) as reader:
        posted = {row[0] for row in asked(reader, "SELECT stored FROM record")}
    assert posted < set(stored), "the ledger has some of them"
    _settle(truth)
    return {
        "campus_s": at_s,
        "in_the_ledger": len(posted),
        "records": sorted(sha256(raw).hexdigest()[:32] for raw in stored),
        "books": _sums(truth),
        "by_terminal": {name: asdict(sold) for name, sold in sorted(truth.terminals.items())},
        "cards": {label: asdict(purse) for label, purse in sorted(truth.purses.items())},
    }


def _require_a_day_that_went_wrong(data: Path) -> None:
    """What the folder is kept for is in it."""
    owed, settled = _rows_of(data / "boxes" / "canteen" / "outbox.db")
    assert owed
    assert settled
    in_rings, in_outboxes = set(_in_rings(data)), set(_in_outboxes(data))
    assert in_rings - in_outboxes, "records that only a terminal has"
    ports = [FileFlash(folder / "flash.bin", 0) for folder in sorted((data / "terminals").iterdir())]
    waiting = [waiting.slot for port in ports for waiting in Flash(port).waiting]
    for port in ports:
        port.close()
    assert {type(slot.body) for slot in waiting} == {PendingPurchase, PendingLoad}
    assert {bool(slot.unproven) for slot in waiting} == {True, False}


def _rows_of(outbox: Path) -> tuple[int, int]:
    """Rows that are owed, rows that are settled."""
    with closing(sqlite3.connect(outbox)) as db:
        rows = [row for (row,) in db.execute("SELECT row FROM record")]
        ranges = db.execute("SELECT low, high FROM settled").fetchall()
    settled = sum(any(low <= row <= high for low, high in ranges) for row in rows)
    return len(rows) - settled, settled


def _sums(truth: Truth) -> dict[str, int]:
    """What the books must come to, by hand: cash and deposits came in, one load waits, one claim was taken."""
    sold, purses = truth.terminals.values(), truth.purses.values()
    loads, voided = sum(one.loads_fen for one in sold), sum(one.voided_fen + one.unshown_voids_fen for one in sold)
    deposits = DEPOSIT_FEN * len(truth.purses) + CASH_FEN
    cards = plan().cards
    return {
        "opening_fen": sum(card.opening_fen + (card.subsidy_fen or 0) for card in cards),
        "subsidy_opening_fen": sum(card.subsidy_fen or 0 for card in cards),
        "deposits_fen": deposits,
        "granted_fen": 2 * GRANT_FEN,
        "loads_fen": loads,
        "spent_fen": sum(one.spent_fen + one.unshown_fen for one in sold),
        "voided_fen": voided,
        "pending_fen": 2 * GRANT_FEN - GRANT_FEN + voided,
        "transit_fen": LOAD_FEN,
        "online_fen": deposits - (loads - GRANT_FEN) - LOAD_FEN,
        "purse_float_fen": sum(one.main + one.subsidy for one in purses),
        "subsidy_fen": sum(one.subsidy for one in purses),
        "quarantined": 2,
        "held": 4,
        "suspense_fen": 0,
        "difference_fen": 0,
    }


def _settle(truth: Truth) -> None:
    """What the torn cards tell when they come again after the close, and what the books make of it.

    Debited and proven: 0001, and 0011 who boarded. Debited, and told by the card's next purchase alone: 0009. Half of a
    mixed payment, which goes back: 0006. Never debited, and not charged any more: 0005. The load of 0006 never came to
    the card, and waits for its next tap on line.
    """
    truth.paid_before("pos-1", 170)
    truth.paid_before("front", 0)
    truth.at("pos-2").unshown_fen += 230 + HALF_FEN
    truth.at("pos-2").unshown_voids_fen += HALF_FEN


def _held(purse: Purse, subsidy: int | None) -> tuple[int, int | None]:
    return purse.main, None if subsidy is None else purse.subsidy


def _shown(log: Path) -> dict[str, int]:
    sold, loads = Sold(), (Kind.LOAD, Kind.LOAD_RECOVERED)
    for row in read_shown(log):
        if row["kind"] == Kind.VOID:
            sold.voids += 1
            sold.voided_fen += row["fen"]
        elif row["kind"] in loads:
            sold.loads += 1
            sold.loads_fen += row["fen"]
        else:
            sold.taps += row.get("pair", 0) != 2
            sold.spent_fen += row["fen"]
    return asdict(sold)


def _stored(data: Path) -> set[bytes]:
    """Every record that lies in a ring or in an outbox, as the ledger will store it."""
    return {raw for find in (_in_rings, _in_outboxes) for raw in find(data)}


def _in_rings(data: Path) -> Iterator[bytes]:
    for folder in sorted((data / "terminals").iterdir()):
        device = bytes.fromhex(json.loads((folder / "terminal.json").read_text())["device"])
        port = FileFlash(folder / "flash.bin", 0)
        flash = Flash(port)
        epoch = flash.current
        assert epoch is not None, folder.name
        yield from (Stored(device, epoch.epoch, epoch.psam, wire).to_bytes() for wire in _ring(flash))
        port.close()


def _in_outboxes(data: Path) -> Iterator[bytes]:
    for file in sorted((data / "boxes").glob("*/outbox.db")):
        with closing(sqlite3.connect(file)) as db:
            yield from (bytes(key[:8] + body) for key, body in db.execute("SELECT key, body FROM record"))


def keep(room: Path, archive: Path) -> None:
    """The folder as the power cut left it, without what every start makes anew."""
    with (
        lzma.open(archive, "wb", preset=9 | lzma.PRESET_EXTREME) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path in sorted(room.rglob("*")):
            if path.is_file() and not is_left_out(path.relative_to(room)):
                tar.add(path, path.relative_to(room), filter=_plain)


NOT_KEPT = ("ledger.dsn", "ballast.bin", ".lock", "-shm", "postgres.place")
"""Where this ledger was; what every start makes anew."""


def is_left_out(path: Path) -> bool:
    return path.parts[0] == "log" or path.name.endswith(NOT_KEPT)


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Of nobody, at no time."""
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    return info


def dump(programs: Path, dsn: str) -> str:
    """The ledger as plain SQL of no version: what differs between servers is left out."""
    words = (programs / "pg_dump", "--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=200", dsn)
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    odd = ("--", "SET ", "\\restrict", "\\unrestrict", "SELECT pg_catalog.set_config")
    return "".join(f"{line}\n" for line in said.splitlines() if line and not line.startswith(odd))


def one_day(folder: Path, name: str, dsn: str, out: Path) -> None:
    """Make, play, and keep."""
    day = Day(make(folder / name, dsn))
    asyncio.run(play(day))
    for label in ("0008", "0010"):
        card = day.deck.find(label)
        assert card is not None
        age(card)
    with tempfile.TemporaryDirectory() as scratch:
        looked_at = shutil.copytree(day.room, Path(scratch) / name)  # for a look counts a boot, and folds a log
        found = figures(day, looked_at / "campus", WALL.at(time.time()))
    (out / f"campus-{name}.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main(out: Path) -> None:
    """Both."""
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="openykt-made-", dir="/var/tmp"))
    folder.chmod(0o711)
    one_day(folder, "sqlite", "", out)
    keep(folder / "sqlite", out / "campus-sqlite.tar.xz")
    server = prepare_postgres(folder / "server")
    with Standing(server.part, folder):
        dsn = server.create_database("ledger")
        one_day(folder, "postgres", dsn, out)
        (folder / "postgres" / "ledger.sql").write_text(dump(server.programs, dsn), encoding="utf-8")
    keep(folder / "postgres", out / "campus-postgres.tar.xz")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
