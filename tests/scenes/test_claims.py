"""A grant is claimed by hand at a counter of a campus that sells: over the real broker, torn, without the keys."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cloud.ledger.records.load_state import CaseState
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.plans import STRANGER, run
from tests.scenes.truth import close_true

pytestmark = pytest.mark.process
COUNTER = "pos-3"
APART = (f"t-{COUNTER}", "t-load-1")
"""Bodies at which nobody else stands while the hand is at work: the load machine's people take any card."""
GRANT_FEN = 2500
"""Less than anybody wants who eats at the other counters: they take whatever card has enough."""


def _play(room: Path, act: Callable[[Campus, Hand], Awaitable[None]]) -> None:
    async def scene() -> None:
        async with Campus(room) as campus:
            await campus.open(*APART)
            run("cloud", "grant", "--data", campus.data, "--card", STRANGER, "--fen", GRANT_FEN, "--reason", "补助")
            async with Hand(campus, COUNTER) as hand:
                await act(campus, hand)
            await close_true(campus, *APART)

    asyncio.run(scene())


def _states(campus: Campus) -> list[tuple[int, int]]:
    """State and sum of the requests for money that the holder's card made, in their order."""
    return campus.asked(
        "SELECT l.state, l.amount_fen FROM load_case l JOIN card c ON c.card = l.card "
        "WHERE c.label = ? AND l.amount_fen > 0 ORDER BY l.opened_ms",
        STRANGER,
    )


def test_a_claim_over_the_real_broker(room: Path) -> None:
    async def act(campus: Campus, hand: Hand) -> None:
        await hand.types("claim", "领款成功 ¥25.00")
        await campus.until("the claim is confirmed", lambda: _states(campus) == [(CaseState.CONFIRMED, GRANT_FEN)])
        await hand.types("claim", "没有待领的款")
        await hand.types("20", "成功 ¥20.00")

    _play(room, act)


def test_a_torn_claim_is_listed_then_given_back_and_claimed_anew(room: Path) -> None:
    async def act(campus: Campus, hand: Hand) -> None:
        await hand.types("pull before", "下次拔卡")
        await hand.types("claim", "请同一张卡重新放卡")
        found = json.loads(run("cloud", "loads", "--data", campus.data, "--open", "--json").stdout)
        mine = [load for load in found["loads"] if load["card"] == STRANGER]
        assert [(load["source"], load["amount_fen"], load["open"]) for load in mine] == [("pending", GRANT_FEN, True)]
        assert "退回过渡余额" in mine[0]["will"][0]
        await hand.types("claim", "领款成功 ¥25.00")
        await campus.until(
            "given back, then credited",
            lambda: _states(campus) == [(CaseState.REVERSED, GRANT_FEN), (CaseState.CONFIRMED, GRANT_FEN)],
        )
        await hand.types("5", "成功 ¥5.00")

    _play(room, act)


def test_without_the_key_process_a_claim_waits_and_moves_nothing(room: Path) -> None:
    async def act(campus: Campus, hand: Hand) -> None:
        await campus.kill("keys")
        await hand.types("claim", "中心忙")
        assert _states(campus) == []
        await campus.start("keys")
        await hand.types("claim", "领款成功 ¥25.00")

    _play(room, act)
