"""A PSAM is stolen at lunch: one command, and within a bound no box lets it sell; what it did meanwhile is held.

The thief has the body too at first, out of reach of its box; then the PSAM alone, in a body of another box.
"""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from shared.fleet.document import DocumentKind
from shared.wire.messages import decode_state
from tests.scenes.campus import Campus
from tests.scenes.plans import run
from tests.scenes.scene import BUSY
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
ENFORCED_S = 5.0
"""From the command to the last box that is connected; a box says every two seconds which list it holds."""
DURABLE_S = 2.0
"""From the command to the document on the disk of a box that is connected."""
THIEF, ELSEWHERE = "pos-1", "pos-4"


class Case:
    """What the police know."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus
        body = json.loads((campus.data / "terminals" / THIEF / "terminal.json").read_text())["device"]
        self.device = bytes.fromhex(body)
        self.psam: bytes = campus.asked("SELECT psam FROM psam WHERE device = ?", self.device)[0][0]

    def report(self, *more: str, code: int = 0) -> dict[str, Any]:
        """./ykt psam-stolen."""
        words = "--psam", self.psam.hex(), "--who", "王五", "--reason", "窗口被撬", "--json", *more
        done = run("compose.commands.psam_stolen", "--data", self.campus.room, *words)
        assert done.returncode == code, done.stdout + done.stderr
        return dict(json.loads(done.stdout.splitlines()[-1]))

    def stolen(self, *more: str, code: int = 0) -> dict[str, Any]:
        return dict(self.report("--since", "2026-01-01T00:00", *more, code=code)["ledger"])

    def merchant_fen(self) -> int:
        """What the thief's merchant is owed for sure."""
        sql = (
            "SELECT coalesce(sum(p.fen), 0) FROM posting p JOIN account a ON a.id = p.credit "
            "JOIN record r ON r.id = p.record WHERE a.kind = 'merchant' AND substr(r.stored, 9, 6) = ?"
        )
        return int(self.campus.asked(sql, self.psam)[0][0])

    def version_at(self, box: str) -> int:
        """Of the list that this box holds durably, by its own word."""
        rows = self.campus.asked("SELECT state FROM box_state WHERE box = ?", box)
        return decode_state(rows[0][0]).revocations[0] if rows else 0

    def has_written(self, box: str) -> bool:
        """Has this box said that the document of them is durable there?"""
        sql = "SELECT 1 FROM document_held WHERE kind = ? AND box = ?"
        return bool(self.campus.asked(sql, int(DocumentKind.REVOCATIONS), box))

    def seen_at(self, box: str) -> bool:
        """Has this box told that something revoked was there?"""
        return bool(self.campus.asked("SELECT 1 FROM fact WHERE code = 'terminal-revoked' AND box = ?", box))


def confirmed(told: dict[str, Any]) -> dict[str, bool]:
    return {box["box"]: box["confirmed"] for box in told["boxes"]}


async def _lunch_with_a_thief(room: Path) -> None:
    async with Campus(room, seed=71) as campus:
        await campus.open()
        case = Case(campus)
        await campus.until_posted(25)
        await campus.kill("edge-canteen")  # the whole canteen is out of reach, and sells on
        await campus.until_shown(12)
        told = await asyncio.to_thread(case.stolen, "--wait", "0")
        owed = case.merchant_fen()
        assert not confirmed(told)["canteen"]
        durable_s, enforced_s = DURABLE_S * BUSY, ENFORCED_S * BUSY
        await campus.until("the annex has written it", lambda: case.has_written("annex"), durable_s)
        await campus.until("the annex holds the list", lambda: case.version_at("annex") == told["version"], enforced_s)
        await campus.start("edge-canteen")
        await campus.until("the canteen sees the thief", lambda: case.seen_at("canteen"))
        told = await asyncio.to_thread(case.stolen, "--wait", str(int(enforced_s)))
        assert told["confirmed"]
        await campus.until_status("sells no more", f"t-{THIEF}", lambda said: said["why"] == "revoked")
        await campus.until_status("drained", f"t-{THIEF}", lambda said: not said["unsettled"])
        shown = campus.shown(f"t-{THIEF}")
        await campus.until_shown(5)  # the others sell on
        assert campus.shown(f"t-{THIEF}") == shown
        told = await asyncio.to_thread(case.stolen)
        assert told["held"]["records"] > 0
        assert case.merchant_fen() == owed, "nothing of after the marks has reached the merchant"
        await _without_the_cloud(campus)
        await _in_another_body(campus, case)
        await campus.close_shop()
        told = await asyncio.to_thread(case.stolen)
        view = require_truth(campus, held=told["held"]["records"])
        assert view.held_fen == told["held"]["fen"]
        assert case.merchant_fen() == owed
        await asyncio.to_thread(_two_persons, case)
        view = require_truth(campus, held=0)
        assert (view.held_fen, case.stolen()["returned"]) == (0, told["held"])


def _two_persons(case: Case) -> None:
    """./ykt held: one proposes to give the money back, and cannot confirm it himself; another does."""
    words = "--data", case.campus.room, "--psam", case.psam.hex(), "--to", "holder", "--who", "张三", "--reason", "被盗"
    made = run("compose.commands.held", "propose", *words, "--json")
    number = json.loads(made.stdout.splitlines()[-1])["proposal"]
    for who, code in (("张三", 2), ("李四", 0), ("李四", 0)):
        words = "confirm", "--data", case.campus.room, "--proposal", str(number), "--who", who
        done = run("compose.commands.held", *words)
        assert done.returncode == code, done.stdout + done.stderr


async def _without_the_cloud(campus: Campus) -> None:
    """Box and body are killed, and the cloud is away: the box knows the list by itself, the body what it was told."""
    await campus.kill("ingest", "edge-canteen", f"t-{THIEF}")
    shown = campus.shown(f"t-{THIEF}")
    await campus.start("edge-canteen", f"t-{THIEF}")
    await campus.until_status("holds the list", "edge-canteen", lambda said: said["revocations"] == 1)
    await campus.until_status("refuses the thief", "edge-canteen", lambda said: said["facts"].get("terminal-revoked"))
    await campus.until_status("sells no more", f"t-{THIEF}", lambda said: said["why"] == "revoked")
    assert campus.shown(f"t-{THIEF}") == shown
    await campus.start("ingest")


async def _in_another_body(campus: Campus, case: Case) -> None:
    """The PSAM alone, in a till of the annex: that refuses it, too; with its own PSAM the till sells again."""
    name, folder = f"t-{ELSEWHERE}", campus.data / "terminals"
    own = folder / ELSEWHERE / "own.bin"
    await campus.stop(name)
    shutil.copy(folder / ELSEWHERE / "psam.bin", own)
    shutil.copy(folder / THIEF / "psam.bin", folder / ELSEWHERE / "psam.bin")
    await campus.start(name)
    await campus.until("the annex sees the PSAM", lambda: case.seen_at("annex"))
    assert not campus.status(name).get("selling")
    await campus.stop(name)
    shutil.copy(own, folder / ELSEWHERE / "psam.bin")
    await campus.start(name)
    before = campus.shown(name)
    await campus.until("the annex sells again", lambda: campus.shown(name) > before)


def test_a_stolen_psam_sells_nowhere_and_its_takings_wait(two_room: Path) -> None:
    asyncio.run(_lunch_with_a_thief(two_room))


async def _found_again(room: Path) -> None:
    async with Campus(room, seed=72) as campus:
        await campus.open()
        case = Case(campus)
        await campus.until_posted(10)
        first = await asyncio.to_thread(case.report, "--since", "2026-01-01T00:00", "--wait", "60")
        assert (first["ledger"]["confirmed"], first["register"]["state"]) == (True, "stolen")
        await campus.until_status("sells no more", f"t-{THIEF}", lambda said: said["why"] == "revoked")
        again = await asyncio.to_thread(case.report, "--found", "--wait", "60")
        assert (again["ledger"]["state"], again["register"]["state"]) == ("found", "in-body")
        before = campus.shown(f"t-{THIEF}")
        await campus.until("it sells again", lambda: campus.shown(f"t-{THIEF}") > before)
        await campus.close_shop()
        require_truth(campus, held=again["ledger"]["held"]["records"])


def test_a_psam_that_is_found_again_sells_again(room: Path) -> None:
    asyncio.run(_found_again(room))
