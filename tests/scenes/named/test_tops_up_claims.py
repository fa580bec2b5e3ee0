"""A parent tops up, the child claims at a till: ordered at a kiosk, loaded by the next tap on line."""

from collections.abc import Callable

import pytest

from cloud.ledger.records.load_state import CaseState
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.plans import STRANGER
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import close_true
from tests.scenes.wallets import CHILD, FATHER, PASSWORD, Person, Wallet, deposit

pytestmark = [pytest.mark.process, pytest.mark.large]
COUNTER = "pos-3"
APART = (f"t-{COUNTER}", "t-load-1")
DEPOSIT_FEN, ORDER_FEN = 50_00, 20_00


def _loads(campus: Campus) -> list[tuple[int, int]]:
    """State and sum of what was granted to his card."""
    return campus.asked(
        "SELECT l.state, l.amount_fen FROM load_case l JOIN card c ON c.card = l.card "
        "WHERE c.label = ? AND l.debited = 1 ORDER BY l.opened_ms",
        STRANGER,
    )


async def _ordered(stage: Stage, campus: Campus, wallet: Wallet) -> None:
    parent = wallet.person("--phone", FATHER)
    with stage.step(
        Text("家长同意、充值", "the parent consents and deposits"), Text("在线账户到账", "it is in the account")
    ):
        assert parent.ask("consent", holder=CHILD[0], given=True)["consented"] is True
        await deposit(campus, wallet, parent, DEPOSIT_FEN, 10.0 * stage.slow)
        assert parent.ask("home", holder=CHILD[0])["online_fen"] == DEPOSIT_FEN
    with stage.step(
        Text("孩子在共用终端预约 20 元", "the child orders 20 yuan at a kiosk"), Text("已预约", "it is ordered")
    ):
        assert wallet.person("--number", CHILD[0]).ask("password", password=PASSWORD) == {}
        kiosk = Person(wallet.port)
        assert kiosk.ask("sign-in/number", number=CHILD[0], password=PASSWORD) == {}
        assert kiosk.ask("split/order", key="03" * 16, fen=ORDER_FEN)["ordered_fen"] == ORDER_FEN
        assert kiosk.ask("sign-out") == {}


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.on_tcp), seed=61) as campus:
        await campus.open(*APART)
        async with Wallet(campus, provider=True) as wallet, Hand(campus, COUNTER) as hand:
            await _ordered(stage, campus, wallet)
            with stage.step(
                Text("下一次联机刷卡", "the next tap on line"), Text("款进卡，只进一次", "it is on the card, once")
            ) as step:
                await hand.types("claim", "¥20.00")
                await campus.until("it is proven", lambda: _loads(campus) == [(CaseState.CONFIRMED, ORDER_FEN)])
                await hand.types("claim", "没有待领的款")
                await hand.types("8", "成功 ¥8.00")
                step.seen = "¥20.00"
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")):
            await close_true(campus, *APART)


SCENE = Scene(
    "tops-up-claims",
    Text("家长充值，孩子在窗口领", "a parent tops up, the child claims"),
    Text(
        "家长手机充值，孩子在共用终端预约，下一次联机刷卡圈进卡里，只进一次",
        "deposited by phone, ordered at a kiosk, loaded at a till by the next tap on line, once",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
