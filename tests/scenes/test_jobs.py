"""Terminals of a real campus are ordered about while they sell, and parts are killed: once or not at all, and told."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.scenes.campus import Campus
from tests.scenes.plans import run
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
WHO = ("--who", "王芳", "--reason", "盘点")
FIRST, SECOND = "pos-1", "pos-2"


def job(campus: Campus, *words: object) -> tuple[int, str]:
    """As a person types it: the key process is found."""
    done = run("cloud", "job", *words, "--data", campus.data)
    return done.returncode, done.stdout + done.stderr


def rows(campus: Campus, number: int) -> dict[str, dict[str, Any]]:
    said = job(campus, "show", number, "--json")[1]
    return {row["terminal"]: row for row in json.loads(said)["rows"]}


async def ordered(campus: Campus, number: int, *words: object) -> dict[str, dict[str, Any]]:
    """Ordered, and followed to its end."""
    code, said = await asyncio.to_thread(job, campus, "run", *words, *WHO)
    assert code == 0, said
    await campus.until(f"job {number} is over", lambda: not states(campus, number) & {1, 2, 3, 4, 5})
    return rows(campus, number)


def states(campus: Campus, number: int) -> set[int]:
    return {state for (state,) in campus.asked("SELECT state FROM job_row WHERE job = ?", number)}


def test_orders_reach_terminals_that_sell_and_are_answered(room: Path) -> None:
    async def scene() -> None:
        async with Campus(room) as campus:
            await campus.open()
            await campus.until_shown(3)
            code, said = job(campus, "run", "lock", "--to", FIRST, *WHO)
            assert (code, "--yes" in said) == (1, True), "it sells, and nobody said that he knows"
            done = await ordered(campus, 1, "lock", "--to", FIRST, "--yes")
            assert done[FIRST]["state"] == "ok"
            assert done[FIRST]["box_ms"] <= done[FIRST]["over_ms"], "the box answered before the terminal"
            await campus.until_status("locked", f"t-{FIRST}", lambda said: said["why"] == "locked")
            await campus.until_shown(3, f"t-{SECOND}")
            done = await ordered(campus, 2, "reboot", "--to", FIRST)
            assert done[FIRST]["state"] == "ok"
            await campus.until_status("still locked", f"t-{FIRST}", lambda said: said["joins"] and not said["selling"])
            assert campus.status(f"t-{FIRST}")["why"] == "locked"
            done = await ordered(campus, 3, "send-log", "--to", f"{FIRST},{SECOND}")
            assert done[SECOND]["detail"].startswith("boot 1 last 1/")
            assert done[FIRST]["detail"].startswith("boot 2 last 1/")
            done = await ordered(campus, 4, "close-shift", "--to", SECOND)
            assert done[SECOND]["state"] == "ok"
            assert done[SECOND]["detail"].startswith("slip 1 sales ")
            code, said = job(campus, "log", 4)
            assert (code, "结班单 / shift slip 1" in said) == (0, True)
            done = await ordered(campus, 5, "send-log", "--whole", "--to", "model:pos")
            assert {row["log"]["whole"] for row in done.values()} == {True}
            assert all(row["box_ms"] <= row["bus_ms"] <= row["over_ms"] for row in done.values())
            done = await ordered(campus, 6, "reread", "--to", SECOND, "--records", "1:1..3")
            assert (done[SECOND]["state"], done[SECOND]["detail"]) == ("ok", "sent 3 of 3")
            done = await ordered(campus, 7, "unlock", "--all")
            assert {row["state"] for row in done.values()} == {"ok"}
            await campus.until_shown(3, f"t-{FIRST}")
            await campus.close_shop()
            require_truth(campus)

    asyncio.run(scene())


def test_whatever_dies_meanwhile_an_order_is_done_once_and_said(room: Path) -> None:
    """The terminal is away, the box is killed with the order in it, the ingest is killed before it hears the answer."""

    async def scene() -> None:
        async with Campus(room) as campus:
            await campus.open()
            await campus.until_shown(3)
            await campus.kill(f"t-{FIRST}")
            assert job(campus, "run", "reboot", "--to", f"{FIRST},{SECOND}", *WHO)[0] == 0
            await campus.until("the other is done", lambda: 10 in states(campus, 1))
            await campus.until("at the box", lambda: 3 in states(campus, 1))
            assert rows(campus, 1)[FIRST]["state"] == "at_box", "never done at one that has not answered"
            box = campus.boxes[0]
            await campus.kill(box)
            await campus.start(box)
            await campus.kill("ingest")
            await campus.start(f"t-{FIRST}")
            await campus.until_status("it has restarted", f"t-{FIRST}", lambda said: said["joins"])
            await campus.start("ingest")
            await campus.until("both are done", lambda: states(campus, 1) == {10})
            done = await ordered(campus, 2, "send-log", "--to", f"{FIRST},{SECOND}")
            boots = [row["detail"].split()[1] for row in (done[FIRST], done[SECOND])]
            assert boots == ["3", "2"], "killed once and ordered once; ordered once"
            await campus.close_shop()
            require_truth(campus)

    asyncio.run(scene())
