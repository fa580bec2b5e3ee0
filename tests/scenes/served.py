"""A campus whose server is an installation in containers; buses, boxes and terminals stand outside, as processes.

Its folder looks to the house's checks as every other campus: campus/ is the installation's issue/, and the ledger is
reached over the database's socket as root, whom the installation lets in for the sake of backups.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from compose.campus import campus as lines
from compose.parts.part import Part
from compose.servers.ports import free_port
from tests.scenes.campus import Campus
from tests.scenes.plans import edit

WALLET = "YKT_WALLET_PORT"
PORTS = ("YKT_CONSOLE_PORT", "YKT_DESK_PORT", "YKT_ENROL_PORT", "YKT_MQTT_PORT", WALLET)


def let_in(room: Path, root: Path) -> int:
    """An installation that is not up yet, made ready for the checks from outside. The broker's port."""
    ports = {name: free_port() for name in PORTS}
    settings = (root / ".env").read_text().splitlines()
    kept = [line for line in settings if line.partition("=")[0] not in ports]
    (root / ".env").write_text("\n".join([*kept, *(f"{name}={port}" for name, port in ports.items())]) + "\n")
    (room / "campus").symlink_to(root / "issue")
    (root / "issue/cloud/ledger.dsn").write_text(f"{dsn(root)}\n")
    return ports["YKT_MQTT_PORT"]


def dsn(root: Path) -> str:
    """The ledger, as this machine reaches it."""
    return f"postgresql://openykt@/openykt?host={quote(str(root / 'run/postgres'), safe='')}"


class Served(Campus):
    """Parts: edge-BOX, bus-BOX-LINK, t-NAME."""

    def __init__(self, room: Path, root: Path, mqtt_port: int, *, seed: int, rate: float) -> None:
        """room: with plan.json and campus/; root: of the installation."""
        self._root, self._mqtt_port = root, mqtt_port
        super().__init__(room, seed=seed, rate=rate)
        for box in self.plan.boxes:
            edit(self.data / "boxes" / box.box / "edge.json", outbox={"ballast_bytes": 1 << 20})

    @property
    def socket(self) -> Path:
        """Where the key process answers the ledger."""
        return self._root / "run/money/keys.sock"

    @property
    def ledger(self) -> Path:
        """No file: who asks for its name gets what open_reader takes."""
        return dsn(self._root)  # type: ignore[return-value]

    def asked(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the ledger."""
        with closing(psycopg.connect(dsn(self._root), connect_timeout=5)) as db:
            return db.execute(sql.replace("?", "%s"), values).fetchall()

    def posted(self) -> int:
        """Records that the ledger has; -1 while it cannot be asked."""
        try:
            return super().posted()
        except psycopg.OperationalError:
            return -1

    def _made(self, broker: Callable[[int], Part]) -> dict[str, Part]:
        where = lines.Where(self.data, self.run, self._mqtt_port, 0, self.where.ports, full=True)
        parts = [*lines.field_parts(where, self.plan), *lines.terminal_parts(where, self.plan, self._habits)]
        return {part.name: part for part in parts}
