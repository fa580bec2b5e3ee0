"""Firmware comes to a canteen from the centre: in two waves, and a bad one stops after the first. On real processes.

Nobody eats meanwhile: a terminal takes no firmware within a quarter of an hour of a card.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from shared.fleet.document import DocumentKind
from tests.scenes.campus import Campus
from tests.scenes.plans import run
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
TILLS = ("pos-1", "pos-2", "pos-3")
NOBODY = 0.0001
"""Customers a second."""
GOOD = "def words(face, zh, en):\n    return '·' + zh, '- ' + en\n"
BAD = "def words(face, zh, en):\n    return '好', 'good'\n"
WHO = ("--who", "王芳", "--reason", "新版")


class Office:
    """The officers who sign, and whoever rolls out."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus

    def signed(self, number: int, program: str) -> Path:
        source, out = self.campus.room / f"{number}.py", self.campus.room / f"{number}.fw"
        source.write_text(program, encoding="utf-8")
        done = run(
            "provisioning", "firmware", "sign", source, "--data", self.campus.data, "--who", "张三", "--model", "pos",
            "--release", number, "--name", f"lines-{number}", "--out", out,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return out

    def say(self, *words: object) -> tuple[int, str]:
        done = run("cloud", "firmware", *words, "--data", self.campus.data)
        return done.returncode, done.stdout + done.stderr

    async def done(self, *words: object) -> None:
        code, said = await asyncio.to_thread(self.say, *words)
        assert code == 0, said

    def status(self, number: int) -> dict[str, Any]:
        return dict(json.loads(self.say("status", number, "--json")[1]))

    def rows(self, number: int) -> dict[str, dict[str, Any]]:
        return {row["terminal"]: row for row in self.status(number)["rows"]}

    def states(self, number: int) -> list[int]:
        return [state for (state,) in self.campus.asked("SELECT state FROM rollout_row WHERE rollout = ?", number)]

    def is_trusted(self) -> bool:
        """Has the box a chain?"""
        asked = "SELECT 1 FROM document_held WHERE kind = ?"
        return bool(self.campus.asked(asked, int(DocumentKind.TRUST)))

    def last_event(self, number: int) -> int:
        asked = "SELECT kind FROM rollout_event WHERE rollout = ? ORDER BY number DESC LIMIT 1"
        return int(self.campus.asked(asked, number)[0][0])

    def runs(self) -> list[int]:
        """What the terminals' own STATUS says."""
        return [self.campus.status(f"t-{name}")["firmware"] for name in TILLS]


def test_a_release_comes_in_two_waves_and_a_bad_one_stops_after_the_first(room: Path) -> None:
    async def scene() -> None:
        async with Campus(room, rate=NOBODY) as campus:
            office = Office(campus)
            good, bad = office.signed(2, GOOD), office.signed(3, BAD)
            await campus.open()
            await campus.until("all are online", lambda: all(campus.status(f"t-{name}") for name in TILLS))
            assert office.runs() == [1, 1, 1]
            await office.done("release", good)
            await office.done("roll-out", "pos:2", "--to", ",".join(TILLS), "--waves", "34%,100%", *WHO)
            await campus.until("the box believes the officers by a chain", office.is_trusted)
            await campus.until("the first wave is over", lambda: office.states(1).count(10) >= 2)
            await campus.until("all is over", lambda: office.last_event(1) == 9)
            await campus.until("they say so themselves", lambda: office.runs() == [2, 2, 2])
            rows, events = office.rows(1), campus.asked("SELECT kind, wave FROM rollout_event ORDER BY number")
            assert [(row["wave"], row["state"], row["running"]) for row in rows.values()] == [
                (1, "in-use", 2), (1, "in-use", 2), (2, "in-use", 2),
            ]  # fmt: skip
            assert events == [(1, 0), (2, 1), (3, 1), (2, 2), (3, 2), (9, 2)]
            await office.done("release", bad)
            await office.done("roll-out", "pos:3", "--to", ",".join(TILLS), "--waves", "34%,100%", *WHO)
            await campus.until("its rule has stopped it", lambda: office.last_event(2) == 6)
            said = office.status(2)
            assert (said["phase"], said["in_use"], said["over"]) == ("stopped", 0, True)
            assert {name: row["state"] for name, row in office.rows(2).items()}["pos-3"] == "stopped"
            assert "returned" in {row["state"] for row in said["rows"]}
            assert (office.runs(), office.say("status", 2)[0]) == ([2, 2, 2], 1)
            await campus.until_told("rollout-stopped", "rollout-returned")
            forged = campus.room / "forged.fw"
            forged.write_bytes(bad.read_bytes()[:-1] + b"#")
            assert office.say("release", forged)[0] == 1
            await campus.until_told("firmware-forged")
            await campus.close_shop()
            require_truth(campus)

    asyncio.run(scene())
