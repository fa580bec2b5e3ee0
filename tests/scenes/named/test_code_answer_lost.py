"""Code paid, answer lost: a phone's code pays at a till, and the answer does not come back: it is lost at each hop in
turn, and with the till itself. Never paid twice, and settled within a minute; phone and till say the same."""

import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from secrets import token_bytes
from typing import NamedTuple

import pytest

from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.records.values import Now
from cloud.ledger.schema.migrate import require_head
from cloud.payments.codes.door import CodeDoor, Seen, Standing
from cloud.store.db import open_database
from shared.clocks.campus_clock import WALL
from shared.ids import card_id
from shared.words.voice import Text
from tests.halted import halt
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.plans import BOX, STRANGER, run
from tests.scenes.relay import Relay, Way
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import close_true

pytestmark = [pytest.mark.process, pytest.mark.large]
COUNTER = "pos-3"
APART = (f"t-{COUNTER}", "t-load-1")
DEPOSIT_FEN, SETTLED_S, SEEN_S = 100_00, 60.0, 1.0
_TO_BOX = Text("消息服务到网关", "between broker and box")
_TO_BROKER = Text("中心到消息服务", "between centre and broker")


class Phone:
    """The holder's: shows codes, and sees what becomes of them, as the accounts service says it."""

    def __init__(self, campus: Campus) -> None:
        self._campus = campus
        ((card,),) = campus.asked("SELECT card FROM card WHERE label = ?", STRANGER)
        self._card = card_id(card)

    def code(self) -> str:
        """A new one."""
        with closing(open_prepared(str(self._campus.ledger), lazily=True)) as opened:
            return CodeDoor(opened, token_bytes).new(self._card, _now()).code

    def sees(self, code: str) -> Seen:
        """What has become of it."""
        with closing(open_database(str(self._campus.ledger))) as database:
            require_head(database)
            return CodeDoor(OpenedLedger(database, lazily=True), bytes).seen(self._card, code, _now())

    def left_fen(self) -> int:
        """In the account, by the books."""
        sums = "SELECT COALESCE(SUM(amount_fen), 0) FROM payment_case WHERE state = ?"
        ((paid_fen,),) = self._campus.asked(sums, int(PaymentState.APPROVED))
        return DEPOSIT_FEN - int(paid_fen)


def _now() -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), WALL.at(unix_s))


async def _paid(stage: Stage, campus: Campus, hand: Hand, phone: Phone) -> None:
    code = run("cloud", "code", "--data", campus.data, "--card", STRANGER).stdout.strip()
    with stage.step(
        Text("扫码 20 元", "20 yuan by a code"),
        Text("成功，手机一秒内看到", "paid, and seen on the phone within a second"),
    ) as step:
        await hand.types(f"code 20 {code}", "成功 付款码 ¥20.00")
        began_s = time.monotonic()
        await campus.until("the phone sees it", lambda: phone.sees(code).standing is Standing.PAID, SEEN_S * stage.slow)
        step.seen = f"{time.monotonic() - began_s:.2f} s"
    with stage.step(Text("同一个码再扫", "the same code again"), Text("不再收款", "nothing is taken")):
        await hand.types(f"code 20 {code}", "付款码已用过")
        assert phone.left_fen() == DEPOSIT_FEN - 2000


class Hop(NamedTuple):
    """Where an answer is lost: what is said of it, the line, and which way answers go on that."""

    said: Text
    line: Relay
    way: Way


async def _lost_at(stage: Stage, campus: Campus, hand: Hand, phone: Phone, hop: Hop) -> None:
    """The books have it, and the till never hears."""
    with stage.step(
        Text(f"账本已付，应答丢在{hop.said.zh}", f"paid in the books, the answer is lost {hop.said.en}"),
        Text("结果未知，冲正，一分钟内退回一次", "unknown, reversed, given back once within a minute"),
    ) as step:
        before_fen = phone.left_fen()
        code = await _paid_unheard(campus, hand, phone, hop)
        began_s = time.monotonic()
        await hand.until("账户支付 ¥1.00 已冲正，未收款")
        await _mended(hop)
        await _given_back(campus, phone, code, stage.slow)
        assert phone.left_fen() == before_fen
        step.seen = f"{time.monotonic() - began_s:.1f} s"


async def _till_killed(stage: Stage, campus: Campus, hop: Hop, port: int, phone: Phone) -> None:
    """Between the books' answer and its coming: what the till has asked is durable, what it was told it never knew."""
    with stage.step(
        Text("账本已付，等应答时终端断电", "paid in the books, and the till loses power as it waits"),
        Text("再开机即冲正，一分钟内退回一次，可再卖", "up again it reverses: given back once in a minute; it sells"),
    ) as step:
        before_fen = phone.left_fen()
        async with Hand(campus, COUNTER, port=port) as hand:
            code = await _paid_unheard(campus, hand, phone, hop)
            await hand.kill()
        began_s = time.monotonic()
        await _mended(hop)
        async with Hand(campus, COUNTER, port=port) as again:
            await _given_back(campus, phone, code, stage.slow)
            assert phone.left_fen() == before_fen
            await again.types(f"code 1 {code}", "付款码已用过")
            await again.types(f"code 1 {phone.code()}", "成功 付款码 ¥1.00")
        step.seen = f"{time.monotonic() - began_s:.1f} s"


async def _paid_unheard(campus: Campus, hand: Hand, phone: Phone, hop: Hop) -> str:
    """The code, as soon as the books have it; its answer is on its way to nowhere."""
    code = phone.code()
    hop.line.loses = hop.way
    await hand.types(f"code 1 {code}", "")
    await campus.until("the books have it", lambda: phone.sees(code).standing is Standing.PAID)
    assert "成功" not in hand.screen
    return code


async def _mended(hop: Hop) -> None:
    hop.line.loses = None
    await hop.line.cut()


async def _given_back(campus: Campus, phone: Phone, code: str, slow: float) -> None:
    await campus.until("given back", lambda: phone.sees(code).standing is Standing.REVERSED, SETTLED_S * slow)


async def _lost_before_the_books(stage: Stage, campus: Campus, hand: Hand, phone: Phone) -> None:
    """The request waits on the way; its reversal overtakes it."""
    code = phone.code()
    with stage.step(
        Text("请求卡在路上，冲正先到", "the request is held up, its reversal comes first"),
        Text("请求作废，账户未动", "the request is refused for ever, nothing is taken"),
    ) as step:
        before_fen = phone.left_fen()
        halt(campus.pid("broker"))
        await hand.types(f"code 10 {code}", "结果未知，请勿重复收款 ¥10.00")
        await hand.until("账户支付 ¥10.00 已冲正，未收款")
        campus.send("broker", signal.SIGCONT)
        ended = "SELECT state FROM payment_case WHERE amount_fen = 1000 AND reversal IS NOT NULL"
        await campus.until("the reversal is in the books", lambda: campus.asked(ended), SETTLED_S * stage.slow)
        ((state,),) = campus.asked(ended)
        assert state in (PaymentState.TOMBSTONE, PaymentState.REVERSED)
        assert phone.left_fen() == before_fen
        step.seen = PaymentState(state).name


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(stage.room(plans.on_tcp), seed=35))
        to_box = await stack.enter_async_context(Relay(campus.where.ports[BOX]))
        to_broker, from_centre = [
            await stack.enter_async_context(Relay(campus.where.broker_port)) for _ in range(2)
        ]  # fmt: skip
        campus.reach(f"edge-{BOX}", campus.where.broker_port, to_broker.port)
        campus.reach("ingest", campus.where.broker_port, from_centre.port)
        await campus.open(*APART)
        run("cloud", "deposit", "--data", campus.data, "--card", STRANGER, "--fen", DEPOSIT_FEN, "--key", "k1")
        phone = Phone(campus)
        last = Hop(Text("网关到终端", "between box and till"), to_box, Way.DOWN)
        async with Hand(campus, COUNTER, port=to_box.port) as hand:
            await _paid(stage, campus, hand, phone)
            await _lost_at(stage, campus, hand, phone, last)
            await _lost_at(stage, campus, hand, phone, Hop(_TO_BOX, to_broker, Way.DOWN))
            await _lost_at(stage, campus, hand, phone, Hop(_TO_BROKER, from_centre, Way.UP))
            await _lost_before_the_books(stage, campus, hand, phone)
        await _till_killed(stage, campus, last, to_box.port, phone)
        with stage.step(Text("收市", "the day is closed"), Text("账目属实，每笔一次", "the books are true, each once")):
            await close_true(campus, *APART)


SCENE = Scene(
    "code-answer-lost",
    Text("付款码已付，应答丢失", "code paid, answer lost"),
    Text(
        "手机付款码在窗口付款，应答逐段丢失，终端也断电：结果未知、冲正、退回一次，绝不收两次",
        "a code pays, its answer is lost at each hop, or with the till: reversed, given back once, never taken twice",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
