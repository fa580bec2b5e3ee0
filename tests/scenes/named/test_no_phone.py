"""No phone in the school: a parent deposits at 12:01, the child taps at 12:02 and eats; without a line he eats, too."""

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
from tests.scenes.plans import STRANGER, run
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import close_true
from tests.scenes.wallets import CHILD, FATHER, Wallet, deposit

pytestmark = [pytest.mark.process, pytest.mark.large]
COUNTER = "pos-3"
APART = (f"t-{COUNTER}", "t-load-1")
DEPOSIT_FEN, IN_PURSE_FEN, BOUND_S = 50_00, 20_00, 10.0


async def _deposited(stage: Stage, campus: Campus, wallet: Wallet) -> None:
    parent = wallet.person("--phone", FATHER)
    with stage.step(
        Text("家长手机充值 50 元", "a parent deposits 50 yuan by phone"), Text("在线账户到账", "it is in the account")
    ) as step:
        began_s = time.monotonic()
        await deposit(campus, wallet, parent, DEPOSIT_FEN, BOUND_S * stage.slow)
        assert parent.ask("home", holder=CHILD[0])["online_fen"] == DEPOSIT_FEN
        step.seen = f"{time.monotonic() - began_s:.1f} s"


async def _eats(stage: Stage, campus: Campus, hand: Hand) -> None:
    with stage.step(
        Text("孩子没有手机，刷卡吃饭", "the child has no phone and taps"),
        Text("账户付款，卡内不动", "the account pays, the purse stays"),
    ):
        await hand.until_answered("pay 12", "成功 账户支付 ¥12.00 账户余额 ¥38.00")
    with stage.step(Text("外网断了", "the line is cut"), Text("卡内余额照样吃饭", "he eats from the purse")) as step:
        await hand.types("claim", "领款成功 ¥20.00")
        halt(campus.pid("broker"))
        await hand.types("8", "成功 ¥8.00")
        await hand.types("pay 9", "¥9.00")
        campus.send("broker", signal.SIGCONT)
        rows = "SELECT state FROM payment_case WHERE amount_fen = 900"
        await campus.until("what was in doubt is settled", lambda: campus.asked(rows), 60.0 * stage.slow)
        ((state,),) = campus.asked(rows)
        step.seen = PaymentState(state).name


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.on_tcp), seed=57) as campus:
        await campus.open(*APART)
        run("cloud", "grant", "--data", campus.data, "--card", STRANGER, "--fen", IN_PURSE_FEN, "--reason", "补助")
        async with Wallet(campus, provider=True) as wallet:
            await _deposited(stage, campus, wallet)
            async with Hand(campus, COUNTER) as hand:
                await _eats(stage, campus, hand)
            with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")):
                await close_true(campus, *APART)


SCENE = Scene(
    "no-phone",
    Text("学校里没有手机", "no phone in the school"),
    Text(
        "12:01 家长充值，12:02 孩子刷卡，账户付款；外网断了，用卡内余额照样吃饭",
        "a parent deposits at 12:01, the child taps at 12:02 and his account pays; the line is cut, and his purse does",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
