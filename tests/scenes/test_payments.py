"""Account payments by hand on a campus that sells: answered, without an answer, and with every hop killed between."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest

from cloud.ledger.funds.payments.cases import PaymentState
from tests.halted import halt
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.plans import STRANGER, run
from tests.scenes.scanned import scanned
from tests.scenes.truth import require_payments, require_truth

pytestmark = pytest.mark.process
COUNTER = "pos-3"
APART = (f"t-{COUNTER}", "t-load-1")
DEPOSIT_FEN = 10_000


def _play(room: Path, act: Callable[[Campus, Hand], Awaitable[None]]) -> None:
    async def scene() -> None:
        async with Campus(room) as campus:
            await _open(campus)
            async with Hand(campus, COUNTER) as hand:
                await act(campus, hand)
            await _end(campus)

    asyncio.run(scene())


async def _open(campus: Campus) -> None:
    await campus.open(*APART)
    run("cloud", "deposit", "--data", campus.data, "--card", STRANGER, "--fen", DEPOSIT_FEN, "--key", "k1")


async def _end(campus: Campus) -> None:
    await campus.start(*APART)
    await campus.until_shown(5)
    await campus.close_shop()
    require_truth(campus)
    require_payments(campus)


def _states(campus: Campus) -> list[tuple[int, int]]:
    """State and sum of the account payments, in their order."""
    return campus.asked("SELECT state, amount_fen FROM payment_case ORDER BY key")


def _answered(campus: Campus) -> list[tuple[int, int]]:
    """Those that the account answered in time."""
    return [(state, fen) for state, fen in _states(campus) if state in (PaymentState.APPROVED, PaymentState.REFUSED)]


def test_paid_by_account_then_a_frozen_broker_and_a_late_request_that_its_reversal_has_overtaken(room: Path) -> None:
    async def act(campus: Campus, hand: Hand) -> None:
        await hand.until_answered("pay 20", "成功 账户支付 ¥20.00 账户余额 ¥80.00")
        await hand.until_answered("pay 90", "电子账户余额不足")
        assert _answered(campus) == [(PaymentState.APPROVED, 2000), (PaymentState.REFUSED, 9000)]
        halt(campus.pid("broker"))
        await hand.types("pay 10", "结果未知，请勿重复收款 ¥10.00")
        await hand.until("账户支付 ¥10.00 已冲正，未收款")
        campus.send("broker", signal.SIGCONT)
        overtaken = (PaymentState.TOMBSTONE, 1000)
        await campus.until("the reversal is in the books", lambda: _states(campus).count(overtaken) == 1)
        await hand.until_answered("pay 10", "成功 账户支付 ¥10.00 账户余额 ¥70.00")
        await hand.types("order 5", "请扫码付款 ¥5.00")
        assert scanned(campus, hand)["result"] == "done"
        await hand.until("成功 收款码 ¥5.00")

    _play(room, act)


HOPS = ("ingest", "edge-canteen", "broker")

def test_every_hop_killed_between_request_and_answer_and_the_terminal_too(room: Path) -> None:
    async def scene() -> None:
        async with Campus(room) as campus:
            await _open(campus)
            rng = Random(17)
            for victim in (*HOPS, *HOPS, ""):
                async with Hand(campus, COUNTER) as hand:
                    await hand.types("pay 1", "")
                    await asyncio.sleep(rng.uniform(0.0, 0.03))
                    await (campus.kill(victim) if victim else hand.kill())
                    if victim:
                        await hand.until("¥1.00")
                        await campus.start(victim)
            async with Hand(campus, COUNTER) as hand:
                await hand.until_answered("pay 1", "成功")  # or the one before, untold at the cut
            await _end(campus)

    asyncio.run(scene())
