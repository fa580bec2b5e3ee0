"""A counter breaks at lunch while the centre is away: one person swaps it, and two persons settle it later."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.ledger.records.judge import Reason
from tests.scenes.campus import Campus
from tests.scenes.plans import BOX, command
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
BROKEN, SPARE = "pos-1", "spare-1"


def sales_of_spare(campus: Campus) -> list[int]:
    """Why each of its records was or was not simply posted, in order."""
    joined = "record r JOIN device d ON substr(r.stored, 1, 6) = d.device"
    rows = campus.asked(f"SELECT r.reason FROM {joined} WHERE d.name = ? ORDER BY r.id", SPARE)  # noqa: S608  # ours
    return [reason for (reason,) in rows]


def swap(campus: Campus) -> None:
    """One person, with his hands and two commands."""
    names = "--broken", BROKEN, "--spare", SPARE, "--who", "张三"
    assert "待核" in command("edge", "swap", "--data", campus.data, "--box", BOX, *names)
    command("edge.terminal", "adopt", "--data", campus.data, "--name", SPARE, "--from", BROKEN)
    old = campus.parts[f"t-{BROKEN}"]
    argv = tuple(SPARE if word == BROKEN else word for word in old.argv)
    campus.parts[f"t-{SPARE}"] = replace(old, name=f"t-{SPARE}", argv=argv)


def settle(campus: Campus) -> None:
    """Two persons at the centre."""
    words = "--number", 1, "--who", "李四", "--reason", "见过坏机"
    command("cloud", "swap", "propose", "--data", campus.data, *words)
    command("cloud", "swap", "confirm", "--data", campus.data, "--proposal", 1, "--who", "李四", code=2)
    command("cloud", "swap", "confirm", "--data", campus.data, "--proposal", 1, "--who", "王五")


def test_spare_sells_without_the_centre_and_is_settled_by_two_persons(spare_room: Path) -> None:
    async def story() -> None:
        async with Campus(spare_room) as campus:
            await campus.open()
            await campus.until_shown(3, f"t-{BROKEN}")
            await campus.kill("ingest", f"t-{BROKEN}")
            swap(campus)
            await campus.start(f"t-{SPARE}")
            await campus.until_shown(5, f"t-{SPARE}")
            assert campus.facts("swap-told") == []
            await campus.start("ingest")
            await campus.until_told("swap-told")
            await campus.until("its sales are held", lambda: sales_of_spare(campus).count(Reason.SWAPPED) >= 5)
            settle(campus)
            await campus.until("its sales are its merchant's", lambda: sales_of_spare(campus)[-1] == Reason.NONE)
            await campus.start(f"t-{BROKEN}")
            await campus.close_shop()
            require_truth(campus, held=None)

    asyncio.run(story())
