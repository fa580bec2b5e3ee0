"""A half-done claim is settled behind an ordinary sale at a counter of another box: once, whatever dies meanwhile."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from cloud.ledger.loads.retry import Retry
from cloud.ledger.records.load_state import CaseState
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.plans import OTHER_BOX, STRANGER, run
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
HERE, THERE, BESIDE = "pos-3", "pos-4", "pos-2"
APART = (f"t-{HERE}", f"t-{THERE}", f"t-{BESIDE}", "t-load-1")
"""Bodies at which nobody else stands while the hands are at work."""
GRANT_FEN = 2500
"""Less than anybody wants who eats at the other counters: they take whatever card has enough."""
DONE = [(CaseState.REVERSED, Retry.USED), (CaseState.CONFIRMED, Retry.SECOND)]
PATIENCE_S = 150.0
"""Two lists and more are told in this time: who is too busy to answer behind one sale answers behind another."""
PACE_S = 1.0
"""Between customers."""


def test_a_torn_claim_is_tried_again_behind_a_sale_at_another_box(two_room: Path) -> None:
    """Its terminal is killed, then the ingest while a sale asks; two counters then sell to the card by turns."""

    async def scene() -> None:
        async with Campus(two_room) as campus:
            await campus.open(*APART)
            run("cloud", "grant", "--data", campus.data, "--card", STRANGER, "--fen", GRANT_FEN, "--reason", "补助")
            await _tear(campus)
            async with Hand(campus, THERE, OTHER_BOX) as there, Hand(campus, BESIDE) as beside:
                await campus.kill("ingest")
                assert not await _sell(there)
                assert _states(campus) == [(CaseState.PENDING, Retry.OPEN)]
                await campus.start("ingest")
                await _sell_until_made_up_for(campus, there, beside)
                await campus.until("it is credited", lambda: _states(campus) == DONE)
                for hand in (there, beside):
                    assert not await _sell(hand)
                    assert "成功 ¥1.00" in hand.screen  # it had no money before
            assert _loads(campus) == []
            await campus.start(*APART)
            await campus.until_shown(5)
            await campus.close_shop()
            assert _states(campus) == DONE
            require_truth(campus)

    asyncio.run(scene())


async def _tear(campus: Campus) -> None:
    """The card is pulled before the credit, and its terminal dies; the ledger says what will happen."""
    async with Hand(campus, HERE) as hand:
        await hand.types("pull before", "下次拔卡")
        await hand.types("claim", "请同一张卡重新放卡")
        await hand.kill()
    (load,) = _loads(campus)
    assert (load["open"], load["source"]) == (True, "pending")
    assert "下次在任一联机终端刷卡" in load["will"][0]


async def _sell(hand: Hand) -> bool:
    """A sale of 1 yuan to its end, which the answer to the next line shows. Was the claim made up for behind it?"""
    await hand.types("1\nover?", "看不懂：over?")
    assert "成功 ¥1.00" in hand.screen or "余额不足" in hand.screen
    return "补圈存成功 ¥25.00" in hand.screen


async def _sell_until_made_up_for(campus: Campus, *hands: Hand) -> None:
    last_s = time.monotonic() + PATIENCE_S
    while not any([await _sell(hand) for hand in hands]):
        assert time.monotonic() < last_s, f"never tried again: {_loads(campus)}\n{campus.tale()}"
        await asyncio.sleep(PACE_S)


def _states(campus: Campus) -> list[tuple[int, int]]:
    """State and mark of the requests for money that the card made, in their order."""
    return campus.asked(
        "SELECT l.state, l.retry FROM load_case l JOIN card c ON c.card = l.card "
        "WHERE c.label = ? AND l.amount_fen > 0 ORDER BY l.opened_ms",
        STRANGER,
    )


def _loads(campus: Campus) -> list[dict[str, Any]]:
    """What is said of the card's half-done loads."""
    found = json.loads(run("cloud", "loads", "--data", campus.data, "--open", "--json").stdout)
    return [load for load in found["loads"] if load["card"] == STRANGER]
