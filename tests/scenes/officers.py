"""Who signs firmware off line and rolls it out in a scene, and what is seen of it at the tills."""

import json
from pathlib import Path
from random import Random
from typing import Any

from edge.terminal.station.slot_file import NAME as SLOT
from tests.scenes.campus import Campus
from tests.scenes.plans import command, run

GOOD = "def words(face, zh, en):\n    return '·' + zh, '- ' + en\n"
SIZE = 20 * 1024
"""Long enough that a plug can be pulled in the middle: about four seconds of the bus."""
PLACE = 1028
"""Of a page in a slot's file."""
WHO = ("--who", "王芳", "--reason", "新版")


class Officers:
    """The officers who sign, and whoever rolls out."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus

    def signed(self, release: int, program: str) -> Path:
        """Off line; of some length."""
        file, out = self.campus.room / f"{release}.py", self.campus.room / f"{release}.fw"
        file.write_text(f"{program}# {Random(release).randbytes(SIZE // 2).hex()}\n", encoding="utf-8")
        command(
            "provisioning", "firmware", "sign", file, "--data", self.campus.data, "--model", "pos", "--release",
            release, "--name", f"r{release}", "--who", "张三", "--out", out,
        )  # fmt: skip
        return out

    def roll_out(self, file: Path, release: int) -> None:
        """To all at once, and no rule stops it."""
        self.say("release", str(file))
        self.say("roll-out", f"pos:{release}", "--all", "--stop-at", "0%", *WHO)

    def rows(self) -> dict[str, dict[str, Any]]:
        """Till → what the platform says of it in the newest roll-out."""
        said = json.loads(self.say("status", "--json", ends=(0, 1)))
        return {f"t-{row['terminal']}": row for row in said["rows"]}

    def reported(self, kind: int = 3) -> dict[str, tuple[int, int, int]]:
        """Till → generation in use, generation spoken of, verdict: its own newest word."""
        sql = (
            "SELECT d.name, r.generation, r.offered, r.verdict FROM document_reported r "
            "JOIN device d ON d.device = r.device WHERE r.kind = ?"
        )
        return {f"t-{name}": (in_use, offered, said) for name, in_use, offered, said in self.campus.asked(sql, kind)}

    def are(self, names: list[str], verdict: int, offered: int) -> bool:
        said = self.reported()
        return all(said.get(name, (0, 0, -1))[1:] == (offered, verdict) for name in names)

    def running(self) -> set[int]:
        """Releases that the tills say they run."""
        return {self.campus.status(name).get("firmware", 0) for name in self.campus.bodies}

    def say(self, *words: str, ends: tuple[int, ...] = (0,)) -> str:
        done = run("cloud", "firmware", *words, "--data", self.campus.data)
        assert done.returncode in ends, done.stdout + done.stderr
        return done.stdout


def pages_at(campus: Campus, name: str) -> int:
    """Pages that a till's slot has a place for by now: it grows as they come."""
    file = campus.data / "terminals" / name.removeprefix("t-") / SLOT
    return file.stat().st_size // PLACE if file.exists() else 0
