"""A box with 64 terminals and nothing sold: its CPU; and what box and terminal need of memory with 60,000 cards listed.

All real processes. 63 terminals are played on TCP, each with its HEARTBEAT and STATUS as often as ours; one is ours.
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cloud.keys.client import KeyClient
from compose.campus.campus import terminal_parts
from compose.campus.plan import parse_plan
from compose.parts.standing import Standing
from edge.box.values.effects import KeepDocument
from edge.link import messages as link
from edge.link.messages import Type
from edge.outbox.group import commit_group
from edge.outbox.opening import open_outbox
from edge.settings import load
from edge.terminal.firmware.line import HEARTBEAT_S, STATUS_S
from shared.fleet.document import CAMPUS, DocumentKind, Head, digest_of
from shared.fleet.hotlist import hotlist_body
from shared.ids import CardId
from shared.wire.messages import EpochStatus
from tests.bench.load import Till
from tests.bench.row import Row, at_most
from tests.bench.scene import BOX, Made, Scene, make, plan_of, standing, status

TERMINALS, LISTED, ROOM = 64, 60_000, 262_144
SECONDS, SETTLE_S = 30.0, 5.0
CPU_PERCENT, RSS_MIB = 3.0, 64.0


def rows() -> Iterator[Row]:
    """CPU of the box while it only listens, and memory of both."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-b", dir="/tmp"))
    try:
        made = make(folder, tills=TERMINALS)
        _list_at_terminal(made)
        where = folder / "idle"
        where.mkdir()
        with standing(made, where) as scene:
            _list_at_box(made, scene)
            percent, box_mib, terminal_mib = asyncio.run(_idle(made, scene, where))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    yield at_most(f"CPU of a box with {TERMINALS} terminals at rest", percent, "% of a core", CPU_PERCENT)
    yield at_most(f"memory of that box, {LISTED:,} cards listed", box_mib, "MiB", RSS_MIB)
    yield at_most(f"memory of a terminal, {LISTED:,} cards in its settings", terminal_mib, "MiB", RSS_MIB)


def _cards() -> Iterator[CardId]:
    return (CardId(b"\0\1" + bytes(4) + index.to_bytes(4, "big")) for index in range(0, 4 * LISTED, 4))


def _list_at_terminal(made: Made) -> None:
    """As a body of before documents has it: each card by its number, which takes more than the document."""
    path = made.data / "terminals" / f"pos-{TERMINALS:02d}" / "terminal.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["hotlist"] = {"version": 1, "cards": [card.hex() for card in _cards()]}
    path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def _list_at_box(made: Made, scene: Scene) -> None:
    """Signed by the campus's own key process, written as the box writes it while it does not run."""
    body = hotlist_body(_cards(), room={b"\0\1": ROOM})
    keys = KeyClient(scene.where.keys_socket)
    head = Head(1, DocumentKind.HOTLIST, CAMPUS, 1_000, 0, len(body), digest_of(body))
    signed = keys.sign_document(head)
    key = next(one for one in keys.document_keys() if one.kind is DocumentKind.HOTLIST)
    scene.edge.stop()
    settings = load(made.data / "boxes" / BOX / "edge.json")
    opened = open_outbox(settings.folder, settings.outbox, bytes(8))
    try:
        commit_group(opened.store, [KeepDocument(signed, key, body)], lambda: False)
    finally:
        opened.store.close()
    scene.edge.start()


async def _idle(made: Made, scene: Scene, folder: Path) -> tuple[float, float, float]:
    tills = [Till(body) for body in made.bodies[:-1]]
    terminals = parse_plan(plan_of(TERMINALS))
    (part,) = terminal_parts(scene.where, terminals, {f"pos-{TERMINALS:02d}": ()})
    with Standing(part, folder) as ours:
        await asyncio.gather(*(till.join(scene.tcp) for till in tills))
        living = [asyncio.create_task(_live(till, at / len(tills))) for at, till in enumerate(tills)]
        await asyncio.sleep(SETTLE_S)
        before = status(scene.edge)
        await asyncio.sleep(SECONDS)
        after = status(scene.edge)
        for task in living:
            task.cancel()
        percent = 100 * (after["cpu_s"] - before["cpu_s"]) / SECONDS  # STATUS comes each second
        return percent, after["rss_kib"] / 1024, _rss_mib(ours.pid)


async def _live(till: Till, share: float) -> None:
    """HEARTBEAT and STATUS as ours says them."""
    await asyncio.sleep(share * STATUS_S)
    row = EpochStatus(till.epoch, till.body.psam_id, 1, 0, 0, 0)
    payload = link.STATUS.encode(link.Status((row,), 1, 0, 0, 1, 9000, 1, 0, True))
    while True:
        till.say(Type.STATUS, payload)
        for _ in range(round(STATUS_S / HEARTBEAT_S)):
            till.beat()
            await asyncio.sleep(HEARTBEAT_S)


def _rss_mib(pid: int) -> float:
    told = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line for line in told.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
