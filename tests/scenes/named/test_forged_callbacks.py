"""Forged, repeated, late and missing callbacks: a provider of payments at its worst, and somebody in its name, against
the real front, accounts service and process of providers, which is killed in between. Each yuan is posted once."""

import asyncio
import base64
import http.client
import json
import ssl
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from cloud.ledger.books.chart import REFUNDING, UNCLEAR
from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.checks.books import check_balances, check_entries
from cloud.ledger.checks.money.deposits import check_deposits
from cloud.ledger.checks.money.refunds import check_refunds
from cloud.ledger.held.deposits.refunds import RefundLedger
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.records.values import Now
from cloud.payments.deposits.calls import deposit_state, make_deposit
from cloud.payments.providers.reading import china_day
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from shared.clocks.campus_clock import WALL
from shared.words.voice import Text
from tests.cloud.campus import part
from tests.scenes import plans
from tests.scenes.plans import run
from tests.scenes.scene import Scene, Stage

pytestmark = [pytest.mark.process]
FEN, PATIENCE_S = 50_00, 60.0
CHECKS = (check_balances, check_entries, check_book_chain, check_deposits, check_refunds)
MOODS = ("forging", "repeats", "late", "silent")
"""One order in each."""


class Play:
    """A room, a provider beside it, and what the books say."""

    def __init__(self, room: Path, port: int, opened: OpenedLedger, front: int) -> None:
        self._room, self._port, self.opened, self._front = room, port, opened, front
        with opened.database.reading():
            rows = opened.database.run("SELECT card FROM card ORDER BY label LIMIT ?", (len(MOODS),))
        assert len(rows) == len(MOODS)
        self.cards = [bytes(card) for (card,) in rows]
        self._had = [self.fen(f"online:{card.hex()}") for card in self.cards]

    def tells(self, path: str, said: dict[str, Any]) -> Any:
        """To the provider."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)) as line:
            line.request("POST", path, json.dumps(said))
            return json.loads(line.getresponse().read())

    def state(self, n: int) -> str:
        """Of the order of this card."""
        found = deposit_state(self.opened, self.cards[n], f"k{n}")
        return str(found and found["state"])

    def number(self, n: int) -> str:
        """As the provider has it."""
        return str((deposit_state(self.opened, self.cards[n], f"k{n}") or {})["order"])

    def order(self, n: int) -> None:
        """As the wallet makes one."""
        make_deposit(self.opened, self.cards[n], FEN, "wechat", f"k{n}", "家长", now())

    def stranger(self, headers: dict[str, str]) -> int:
        """Posts to the front's door what nobody has signed; the status."""
        sealed = {"nonce": "0" * 12, "ciphertext": base64.b64encode(b"x" * 40).decode()}
        body = json.dumps({"resource": sealed}).encode()
        address = f"https://127.0.0.1:{self._front}/pay/notify/wechat"
        asked = urllib.request.Request(address, body, headers, method="POST")
        context = ssl.create_default_context(cafile=str(self._room / "cloud" / "ca.pem"))
        with urllib.request.urlopen(asked, timeout=PATIENCE_S, context=context) as answer:  # noqa: S310
            return int(answer.status)

    def fen(self, code: str) -> int:
        """Of an account, as it grows for a liability."""
        with self.opened.database.reading():
            rows = self.opened.database.run(
                "SELECT p.credit = a.id, p.fen FROM posting p JOIN account a ON a.id IN (p.debit, p.credit) "
                "WHERE a.code = ?", (code,),
            )  # fmt: skip
        return sum(fen if is_credit else -fen for is_credit, fen in rows)

    def got(self) -> list[int]:
        """What each card has more than before."""
        return [self.fen(f"online:{card.hex()}") - had for card, had in zip(self.cards, self._had, strict=True)]

    def told(self, code: str) -> int:
        """Facts of this kind."""
        with self.opened.database.reading():
            return int(self.opened.database.run("SELECT COUNT(*) FROM fact WHERE code = ?", (code,))[0][0])


def now() -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), WALL.at(unix_s))


async def until(what: str, look: Callable[[], bool]) -> None:
    last_s = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < last_s, f"in vain: {what}"
        await asyncio.sleep(0.1)


async def _pays(stage: Stage, play: Play, payments: Standing) -> None:
    with stage.step(
        Text("每种脾气一笔订单，送到渠道", "an order in each mood, with the provider"), Text("可付", "to be paid")
    ):
        for n, mood in enumerate(MOODS):
            play.tells("/-/mood", {"name": mood})
            play.order(n)
            await until("it is with the provider", lambda: play.state(n) == "to-pay")  # noqa: B023
    with stage.step(
        Text("进程被杀，家长付款，回调有的重复、有的迟、有的没有", "the process is killed; all are paid, and callbacks "
             "are repeated, late, or none"),
        Text("起来后每笔入账一次", "up again, each is posted once"),
    ) as step:  # fmt: skip
        payments.kill()
        for n, mood in enumerate(MOODS):
            play.tells("/-/mood", {"name": mood})
            assert play.tells("/-/pay", {"number": play.number(n)}) == {"paid": True}
        began_s = time.monotonic()
        payments.start()
        for n in range(len(MOODS)):
            await until("it is posted", lambda: play.state(n) == "posted")  # noqa: B023
        assert play.got() == [FEN] * len(MOODS)
        step.seen = f"{time.monotonic() - began_s:.1f} s"


async def _is_forged(stage: Stage, play: Play) -> None:
    with stage.step(
        Text("陌生人用对的证书序列号、错的密钥敲回调之门", "a stranger at the door: the right serial, the wrong key"),
        Text("门收下，进程查出，告警一次，账不动", "taken at the door, found out behind it, told once, nothing moves"),
    ) as step:
        before = play.got()
        heads = {
            "Wechatpay-Timestamp": str(int(time.time())), "Wechatpay-Nonce": "n", "Wechatpay-Serial":
            "PUB_KEY_ID_DEMO_2", "Wechatpay-Signature": base64.b64encode(b"s" * 256).decode(),
        }  # fmt: skip
        assert {play.stranger(heads) for _ in range(4)} <= {200, 204}
        await until("it is told", lambda: play.told("deposit-forged") > 0)
        assert play.got() == before
        step.seen = f"{play.told('deposit-forged')}"


async def _goes_back(stage: Stage, play: Play, payments: Standing) -> None:
    with stage.step(
        Text("两人退第一笔的 20 元，进程中途被杀", "two persons give 20 yuan of the first back; killed in between"),
        Text("退一次，在途归零", "it goes back once, and nothing stays on its way"),
    ):
        ledger = RefundLedger(play.opened)
        payments.kill()
        made = ledger.propose(play.number(0), 20_00, "王芳", "家长申请", now())
        ledger.confirm(made.number, "李明", now())
        assert play.fen(REFUNDING.code) == 20_00
        payments.start()
        await until("it is through", lambda: play.fen(REFUNDING.code) == 0)
        assert play.got()[0] == FEN - 20_00


async def _play(stage: Stage) -> None:
    room, folder = stage.room(plans.on_tcp) / "campus", stage.folder
    behind, front = free_port(), free_port()
    notify = f"https://127.0.0.1:{front}/pay/notify/wechat"
    words = ("wechat", "--data", room, "--notify", notify)
    with ExitStack() as stack:
        wechat = stack.enter_context(Standing(part("wechat", "cloud.emulators", *words), folder))
        stack.enter_context(Standing(part("accounts", "cloud", "accounts", "--data", room, "--port", behind), folder))
        line = ("--port", front, "--accounts", f"https://127.0.0.1:{behind}")
        stack.enter_context(Standing(part("wallet", "cloud", "wallet", "--data", room, *line), folder))
        payments = stack.enter_context(Standing(part("payments", "cloud", "payments", "run", "--data", room), folder))
        opened = stack.enter_context(closing(open_prepared(str(room / "cloud" / "ledger.db"))))
        port = int(wechat.log.read_text().split("http://127.0.0.1:")[1].split()[0])
        play = Play(room, port, opened, front)
        await _pays(stage, play, payments)
        await _is_forged(stage, play)
        await _goes_back(stage, play, payments)
        with stage.step(
            Text("取当日账单，三方核对", "the day's bill, matched three ways"),
            Text("账户等于账单，核查无误", "the account equals it, and verify is clean"),
        ) as step:
            today = china_day(int(time.time()))
            said = run("cloud", "payments", "bill", "--data", room, "--provider", "wechat", "--day", today)
            assert said.returncode == 0, said.stdout + said.stderr
            whole = FEN * len(MOODS) - 20_00
            assert (-play.fen("provider:wechat"), play.fen(UNCLEAR.code)) == (whole, 0)
            assert sum(play.got()) == whole
            with opened.database.reading():
                assert [check(opened.database).broken for check in CHECKS] == [""] * len(CHECKS)
            step.seen = said.stdout.strip()


SCENE = Scene(
    "forged-callbacks",
    Text("回调有假、重、迟、缺", "Forged, repeated, late and missing callbacks"),
    Text(
        "支付渠道的回调有假的、重的、迟的、从不来的，进程又被杀：每一元只入账一次，账户等于账单。",
        "a provider's callbacks are forged, repeated, late, or never come: each yuan once, as the bill says",
    ),
    _play,
)


def test_each_yuan_is_posted_once(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
