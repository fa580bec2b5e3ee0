"""The till's code: a customer's wallet pays what stands on a till's glass, through a power cut at the till and a box
that says nothing. Never paid without being told, never twice."""

import signal
import time
from collections.abc import Callable

import pytest

from cloud.ledger.funds.payments.cases import PaymentState
from shared.words.voice import Text
from tests.halted import halt
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.plans import BOX, STRANGER, run
from tests.scenes.scanned import scanned
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import close_true

pytestmark = [pytest.mark.process, pytest.mark.large]
COUNTER = "pos-3"
APART = (f"t-{COUNTER}", "t-load-1")
DEPOSIT_FEN, SETTLED_S, SEEN_S = 100_00, 60.0, 1.0


def _states(campus: Campus) -> list[int]:
    return [state for (state,) in campus.asked("SELECT state FROM payment_case ORDER BY key")]


async def _paid(stage: Stage, campus: Campus, hand: Hand) -> None:
    with stage.step(
        Text("机器出码 20 元，手机扫码付款", "a code over 20 yuan on the till, a phone pays it"),
        Text("一秒内显示成功", "shown as paid within a second"),
    ) as step:
        await hand.types("order 20", "请扫码付款 ¥20.00")
        assert scanned(campus, hand)["result"] == "done"
        began_s = time.monotonic()
        await hand.until("成功 收款码 ¥20.00")
        took_s = time.monotonic() - began_s
        assert took_s <= SEEN_S * stage.slow, f"{took_s:.2f} s"
        step.seen = f"{took_s:.2f} s"
    with stage.step(Text("收银员取消", "the cashier calls it off"), Text("作废，未收款", "no good any more, not paid")):
        await hand.types("order 6", "请扫码付款 ¥6.00")
        await hand.types("cancel", "未付款，收款码已作废 ¥6.00")


async def _dark(stage: Stage, campus: Campus) -> None:
    """The till's power goes while the code stands there, and the phone pays."""
    with stage.step(
        Text("断电时顾客付款", "the power goes, and the customer pays"),
        Text("开机即告知已付款", "told as paid at power-on"),
    ):
        async with Hand(campus, COUNTER) as hand:
            await hand.types("order 7", "请扫码付款 ¥7.00")
            await hand.kill()
            assert scanned(campus, hand)["result"] == "done"
        async with Hand(campus, COUNTER) as hand:
            await hand.types("status", "断电前的收款码 ¥7.00 已付款")


async def _silent(stage: Stage, campus: Campus) -> None:
    """The box says nothing: nobody at the till can know that it is paid."""
    with stage.step(
        Text("付款后网关不应答", "paid, and the box is silent"),
        Text("冲正，一分钟内退回一次", "reversed, given back once within a minute"),
    ) as step:
        async with Hand(campus, COUNTER) as hand:
            await hand.types("order 8", "请扫码付款 ¥8.00")
            halt(campus.pid(f"edge-{BOX}"))
            assert scanned(campus, hand)["result"] == "done"
            await hand.until("账户支付 ¥8.00 已冲正，未收款")
            began_s = time.monotonic()
            campus.send(f"edge-{BOX}", signal.SIGCONT)
            reversed_ = [PaymentState.REVERSED]
            await campus.until("given back", lambda: _states(campus)[-1:] == reversed_, SETTLED_S * stage.slow)
            step.seen = f"{time.monotonic() - began_s:.1f} s"


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.on_tcp), seed=36) as campus:
        await campus.open(*APART)
        run("cloud", "deposit", "--data", campus.data, "--card", STRANGER, "--fen", DEPOSIT_FEN, "--key", "k1")
        async with Hand(campus, COUNTER) as hand:
            await _paid(stage, campus, hand)
        await _dark(stage, campus)
        await _silent(stage, campus)
        with stage.step(Text("收市", "the day is closed"), Text("账目属实，每笔一次", "the books are true, each once")):
            await close_true(campus, *APART)


SCENE = Scene(
    "till-code",
    Text("收款码：断电、网关不应答", "the till's code, a power cut, a silent box"),
    Text(
        "机器出码、手机付款；断电、网关不应答都不漏、不重，开机告知，冲正退回",
        "a phone pays what a till shows: through a power cut and a silent box each is told, or given back, once",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
