"""Offline code, then the thief: a child's phone pays at a till that nobody can reach, somebody has a picture of its
screen. The till that took it refuses the picture, another one cannot know; the school bears that, and is told."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from edge.terminal.play.phones import Phone as CodePhone
from edge.terminal.play.phones import public_of
from shared.clocks.campus_clock import WALL
from shared.fleet.document import DocumentKind
from shared.keys.offline_code import decode_certificate
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import BOUND_S, POLL_S, Campus
from tests.scenes.hand import Hand
from tests.scenes.phone import Phone
from tests.scenes.plans import BOX, STRANGER, command
from tests.scenes.relay import Relay
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
TILL, OTHER = "pos-3", "pos-2"
APART = (f"t-{TILL}", f"t-{OTHER}", "t-load-1")
CHILD, MOTHER, YEARS = "2026001", "13000000002", 12
DEPOSIT_FEN, PAID_FEN, STOLEN_FEN = 100_00, 12_50, 20_00
WHO = ("--who", "王芳")
KEYS = ("00" * 16, "11" * 16)
USED, ENDED = "付款码已用过", "已停用"


class Family:
    """A child with a phone whose key never leaves it, and the mother at hers, both at the wallet's front."""

    def __init__(self, campus: Campus, folder: Path) -> None:
        self._campus = campus
        roster = folder / "roster.csv"
        born = f"{datetime.now(UTC).year - YEARS}-01-01"
        roster.write_text(
            "number,name,born,class,card,guardians\n"
            f"{CHILD},林一,{born},初一1班,{STRANGER},林母 {MOTHER}\n", encoding="utf-8"
        )  # fmt: skip
        command("cloud", "people", "import", "--file", roster, "--data", campus.data)
        self.mother, self.child = self._signed_in("--phone", MOTHER), self._signed_in("--number", CHILD)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def _signed_in(self, *who: str) -> Phone:
        phone = Phone(self._campus.where.wallet_port, self._campus.data / "front" / "ca.pem")
        said = command("cloud", "people", "link", *who, "--data", self._campus.data)
        phone.sign_in(said.strip().splitlines()[-1])
        return phone

    def certified(self) -> CodePhone:
        """The child's, by its mother's consent."""
        self.mother.ask("consent", holder=CHILD, given=True)
        given = self.child.ask("offline/certify", public=public_of(self._key).hex(), key=KEYS[0])
        return CodePhone(decode_certificate(bytes.fromhex(given["certificate"])), self._key)

    def report(self) -> Any:
        """Lost, by the mother; what she then sees of the phone."""
        self.mother.ask("lost/report", holder=CHILD, key=KEYS[1], why="在校车上")
        return self.mother.ask("offline", holder=CHILD)


async def _allowed(stage: Stage, campus: Campus, family: Family) -> CodePhone:
    with stage.step(
        Text("学校启用，孩子的手机领凭证", "the school switches codes on, the child's phone is certified"),
        Text("各终端收到限额", "every till has the limits"),
    ) as step:
        rule = ("--uses", "2", "--one", "30", "--day", "500", "--reason", "试行")
        command("cloud", "offline-codes", "on", *rule, *WHO, "--data", campus.data)
        command("cloud", "deposit", "--data", campus.data, "--card", STRANGER, "--fen", DEPOSIT_FEN, "--key", "k1")
        phone = family.certified()
        said = "SELECT COUNT(*) FROM document_reported WHERE kind = ?"
        await campus.until("the limits are there", lambda: campus.asked(said, int(DocumentKind.WALLETS))[0][0] >= 3)
        step.seen = Text("可用两次，每次 30 元", "two uses, 30 yuan each")
    return phone


async def _stolen(stage: Stage, till: Hand, other: Hand, phone: CodePhone) -> str:
    """Without a network. The picture."""
    digits = phone.shows(WALL.at(time.time()))
    with stage.step(
        Text("断网，孩子付 12.50 元", "no network, the child pays 12.50 yuan"), Text("成功", "paid")
    ) as step:
        began_s = time.monotonic()
        await till.types(f"code 12.50 {digits}", "成功 付款码 ¥12.50")
        step.seen = f"{time.monotonic() - began_s:.2f} s"
    with stage.step(Text("同一窗口再出示照片", "its picture at the same till"), Text("拒收", "refused")):
        await till.types(f"code 20 {digits}", USED)
        assert "成功" not in till.screen
    with stage.step(
        Text("另一断网窗口出示照片", "its picture at another till without a network"),
        Text("收下：它无从知道", "taken: it cannot know"),
    ):
        await other.types(f"code 20 {digits}", "成功 付款码 ¥20.00")
    return digits


async def _found(stage: Stage, campus: Campus, line: Relay) -> None:
    """The line is back."""
    with stage.step(
        Text("线路恢复", "the line is back"),
        Text("各记一笔；学校承担一笔，报警", "each posted; the school bears one; an alarm"),
    ) as step:
        line.swallowing = False
        await line.cut()
        await campus.until("both are posted", lambda: len(_uses(campus)) == 2)
        borne_fen = sum(borne for _, borne in _uses(campus))
        own_fen = sum(fen for fen, _ in _uses(campus)) - borne_fen
        assert {own_fen, borne_fen} == {PAID_FEN, STOLEN_FEN}, "the one that came first is the holder's"
        await campus.until_told("offline-code-twice")
        step.seen = Text(f"持卡人 {own_fen} 分，学校 {borne_fen} 分", f"holder {own_fen} fen, school {borne_fen} fen")


def _uses(campus: Campus) -> list[tuple[int, int]]:
    """Of the books: (fen, of them borne by the school)."""
    rows = campus.asked("SELECT fen, borne_fen FROM code_use WHERE entry IS NOT NULL")
    return [(int(fen), int(borne)) for fen, borne in rows]


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(stage.room(plans.on_tcp), seed=80, wallet=True))
        line = await stack.enter_async_context(Relay(campus.where.broker_port))
        campus.reach(f"edge-{BOX}", campus.where.broker_port, line.port)
        await campus.open(*APART)
        family = Family(campus, stage.folder)
        async with Hand(campus, TILL) as till, Hand(campus, OTHER) as other:
            phone = await _allowed(stage, campus, family)
            line.swallowing = True
            digits = await _stolen(stage, till, other, phone)
            sold_s = WALL.at(time.time())
            with stage.step(
                Text("母亲报告手机丢失", "the mother reports the phone lost"),
                Text("凭证失效，页面说明", "the certificate ends, and the page says so"),
            ):
                await campus.until("the sales are a while ago", lambda: WALL.at(time.time()) > sold_s + 1)
                seen = family.report()
                assert seen["phone"] is None, seen
            await _found(stage, campus, line)
            with stage.step(
                Text("名单到达窗口，再出示照片", "the list is at the tills; the picture again"),
                Text("停用", "ended"),
            ):
                for hand in (till, other):
                    await _until_ended(hand, digits)
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")) as step:
            await campus.start(*APART)
            await campus.until_shown(5)
            await campus.close_shop()
            view = require_truth(campus)
            step.seen = Text(f"{view.posted} 笔入账", f"{view.posted} posted")


async def _until_ended(hand: Hand, digits: str) -> None:
    """Until the till has the document; before, it says why else it takes nothing. Taken it is never."""
    screens: list[str] = []

    async def tried() -> bool:
        await hand.types(f"code 5 {digits}", "未收款")
        screens.append(hand.screen)
        return ENDED in hand.screen

    last_s = time.monotonic() + BOUND_S
    while not await tried():
        assert time.monotonic() < last_s, screens[-1]
        await asyncio.sleep(POLL_S)
    assert not any("成功" in screen for screen in screens)


SCENE = Scene(
    "offline-code",
    Text("脱机付款码，然后小偷", "offline code, then the thief"),
    Text(
        "断网中手机付款；小偷拿照片在同一窗口被拒，在另一断网窗口得手：学校承担并报警，挂失后各窗口停用，账目属实",
        "a phone pays without a network; a picture of it is refused there, taken elsewhere: borne, told, ended, true",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
