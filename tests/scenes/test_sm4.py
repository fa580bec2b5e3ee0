"""A campus whose money keys are SM4, from tap to ledger: the same parts, another suite behind the selector."""

import asyncio
from pathlib import Path

import pytest

from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
LOAD = "t-load-1"
SM4 = 0xE4


async def _sell_and_load(room: Path) -> None:
    async with Campus(room, seed=51) as campus:
        await campus.open()
        await campus.until_shown(12)
        await campus.until_shown(3, LOAD)
        await campus.close_shop()
        view = require_truth(campus)
        assert view.loads >= 3
        assert view.suspense == 0
        cards = campus.asked("SELECT DISTINCT profile, algorithm FROM card")
    assert cards == [("campus-sm4", SM4)]


def test_every_purchase_and_load_of_an_sm4_campus_is_posted(tmp_path: Path) -> None:
    room = plans.make(plans.on_tcp(), tmp_path / "room", {"profile": "campus-sm4"})
    asyncio.run(_sell_and_load(room))
