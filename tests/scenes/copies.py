"""Cards that somebody has copied, or filled by himself, in a scene: software cards and bodies that the scene plays."""

import json
import time
from pathlib import Path
from typing import Any

from compose.servers.ports import LOOPBACK
from edge.files.memory import FileMemory, read_image
from shared.clocks.campus_clock import WALL
from shared.fleet.document import DocumentKind
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory, decode_card_image
from tests.bench.load import Till
from tests.bench.scene import made_of
from tests.bench.tap import buy, wire_of
from tests.scenes.campus import Campus
from tests.scenes.plans import run


class Copy:
    """A software card with what the file of this one holds, which goes its own way from then on."""

    def __init__(self, data: Path, label: str) -> None:
        index = json.loads((data / "cards" / "index.json").read_text(encoding="utf-8"))
        self.label, self._file = label, data / "cards" / index[label]["file"]
        self.memory = RamMemory(read_image(self._file))

    def fill(self, fen: int) -> None:
        """Somebody who has the load key: money that the books never gave."""
        image = decode_card_image(self.memory.load())
        image.balance_fen += fen
        self.memory.store(image.encode())

    @property
    def balance_fen(self) -> int:
        """Of its main purse."""
        return decode_card_image(self.memory.load()).balance_fen

    def keep(self) -> None:
        """The real card is this one: before anybody has it in hand."""
        with FileMemory(self._file) as memory:
            memory.store(self.memory.load())


class Played:
    """A terminal that the scene plays itself, in the place of its process."""

    def __init__(self, campus: Campus, box: str, name: str) -> None:
        made = made_of(campus.data, box)
        edge = json.loads((campus.data / "boxes" / box / "edge.json").read_text(encoding="utf-8"))
        names = [row["name"] for row in edge["terminals"]]
        self._address = (LOOPBACK, campus.where.ports[box])
        self.till, self._made = Till(made.bodies[names.index(name)]), 0
        del campus.parts[f"t-{name}"]

    def buys(self, copy: Copy, fen: int, time_s: int | None = None, *, times: int = 1) -> None:
        """A genuine purchase; its record is kept so many times, each under a number of its own."""
        card = UserCard(copy.memory, _no_random)
        card.power_on()
        body = self.till.body
        bought = buy(card, body.psam, body.psam_id, fen, WALL.at(time.time()) if time_s is None else time_s)
        for _ in range(times):
            self._made += 1
            self.till.records.append(wire_of(bought, self._made))

    async def tells(self) -> None:
        """It comes home, and all that it has written goes up."""
        await self.till.join(self._address)
        while self.till.records:
            self.till.tap()


def findings(campus: Campus) -> list[dict[str, Any]]:
    """As a person asks for them."""
    done = run("cloud", "findings", "--data", campus.data, "--json")
    return list(json.loads(done.stdout)["findings"])


def reconciled(campus: Campus, label: str) -> dict[str, Any]:
    """卡账核对 of one card."""
    return dict(json.loads(run("cloud", "reconcile", label, "--data", campus.data, "--json").stdout))


def found_ms(campus: Campus, kind: int) -> int:
    """When the first finding of this kind was made; 0: there is none."""
    rows = campus.asked("SELECT MIN(found_ms) FROM finding WHERE kind = ?", kind)
    return int(rows[0][0] or 0)


def used_ms(campus: Campus, kind: DocumentKind, after_ms: int, terminals: int) -> int:
    """When the last of so many terminals said that it uses a list made since then; 0: not all have."""
    rows = campus.asked(
        "SELECT MAX(r.since_ms), COUNT(*) FROM document_reported r JOIN document d ON d.kind = r.kind "
        "AND d.scope = r.scope AND d.generation = r.generation WHERE r.kind = ? AND d.made_ms >= ?",
        int(kind), after_ms,
    )  # fmt: skip
    return int(rows[0][0]) if rows[0][1] >= terminals else 0


def _no_random(size: int) -> bytes:
    return bytes(size)
