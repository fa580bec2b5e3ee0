"""Phone and card lost at night: a roommate blocks card, wallet and devices in one act; the morning takes it back."""

import time
from collections.abc import Callable

import pytest

from shared.fleet.document import DocumentKind
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.meals import FEN, FIRST, until_listed
from tests.scenes.plans import STRANGER, command
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import close_true
from tests.scenes.wallets import CHILD, PASSWORD, TEACHER, Person, Wallet

pytestmark = [pytest.mark.process, pytest.mark.large]
COUNTER = "pos-3"
APART = (f"t-{COUNTER}", "t-load-1")
DEPOSIT_FEN, SPREAD_S = 50_00, 5.0
NIGHT = {"number": CHILD[0], "name": CHILD[1], "born": CHILD[2], "by": "赵二", "why": "一起丢在操场"}


def _used_by_all(campus: Campus, generation: int) -> bool:
    sql = "SELECT COUNT(*) FROM document_reported WHERE kind = ? AND generation >= ?"
    return campus.asked(sql, int(DocumentKind.HOTLIST), generation)[0][0] >= len(campus.bodies) - 1


def _newest(campus: Campus) -> int:
    sql = "SELECT COALESCE(MAX(generation), 0) FROM document WHERE kind = ?"
    return int(campus.asked(sql, int(DocumentKind.HOTLIST))[0][0])


async def _lost(stage: Stage, campus: Campus, hand: Hand, pupil: Person, roommate: Person) -> None:
    before = _newest(campus)
    with stage.step(
        Text("夜里，室友的手机上报告", "at night, from the roommate's phone"),
        Text("一步锁定：卡、钱包、设备", "one act: card, wallet, devices"),
    ) as step:
        began_s = time.monotonic()
        assert roommate.ask("lost-night", key="01" * 16, **NIGHT) == {}
        await campus.until("his phone is signed out", lambda: pupil.ask("me") == "sign-in", SPREAD_S * stage.slow)
        step.seen = f"{time.monotonic() - began_s:.1f} s"
    with stage.step(
        Text("名单到每台终端", "the list is at each till"), Text(f"≤ {SPREAD_S:g} 秒", f"≤ {SPREAD_S:g} s")
    ) as step:
        await campus.until("a list of it", lambda: _newest(campus) > before)
        await campus.until("each uses it", lambda: _used_by_all(campus, before + 1))
        stage.at_most(step, time.monotonic() - began_s, SPREAD_S)
        await hand.types("pay 5", "黑名单")
    with stage.step(Text("应急餐照发", "the emergency meal stays"), Text("按学号领到", "given by number")):
        await hand.eats(CHILD[0], "成功 ¥15.00")


async def _morning(stage: Stage, campus: Campus, hand: Hand, wallet: Wallet) -> None:
    teacher, kiosk = wallet.person("--phone", TEACHER), Person(wallet.port)
    with stage.step(
        Text("早上，班主任看到谁报告的", "in the morning the class teacher sees who reported it"),
        Text("有姓名，没有金额", "a name, and no sum"),
    ) as step:
        (group,) = teacher.ask("class")["classes"]
        child = next(one for one in group["pupils"] if one["number"] == CHILD[0])
        assert (child["card"], child["by"]) == ("lost", "赵二")
        assert "fen" not in str(group)
        assert teacher.ask("home", holder=CHILD[0]) == "not-yours"
        step.seen = str(child["by"])
    with stage.step(
        Text("本人在共用终端解除", "he takes it back at a kiosk"),
        Text("学号和密码，终端又收", "by number and password"),
    ):
        before = _newest(campus)
        assert kiosk.ask("lost/cancel", key="02" * 16) == "sign-in"
        assert kiosk.ask("sign-in/number", number=CHILD[0], password=PASSWORD) == {}
        said = kiosk.ask("lost")
        assert (said["lost"], said["by"], said["by_other"]) == (True, "赵二", True), said
        assert kiosk.ask("lost/cancel", key="02" * 16)["lost"] is False
        await campus.until("a list without it", lambda: _newest(campus) > before)
        await campus.until("each uses it", lambda: _used_by_all(campus, before + 1))
        await hand.until_answered("pay 12", "成功 账户支付 ¥12.00")


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.on_tcp), seed=59) as campus:
        await campus.open(*APART)
        command("cloud", "deposit", "--data", campus.data, "--card", STRANGER, "--fen", DEPOSIT_FEN, "--key", "k1")
        command("cloud", "meals", "rule", "--yuan", FEN // 100, "--times", 3, "--who", FIRST, "--reason", "规则",
                "--data", campus.data)  # fmt: skip
        async with Wallet(campus) as wallet, Hand(campus, COUNTER) as hand:
            parent, pupil = wallet.person("--phone", "13000000002"), wallet.person("--number", CHILD[0])
            assert parent.ask("consent", holder=CHILD[0], given=True)["consented"] is True
            assert pupil.ask("password", password=PASSWORD) == {}
            await until_listed(campus, COUNTER)
            await hand.until_answered("pay 5", "成功 账户支付 ¥5.00")
            await _lost(stage, campus, hand, pupil, Person(wallet.port))
            await _morning(stage, campus, hand, wallet)
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")):
            await close_true(campus, *APART)


SCENE = Scene(
    "lost-at-night",
    Text("夜里卡和手机都丢了", "phone and card are lost at night"),
    Text(
        "室友一步锁定卡、钱包和设备，几秒到每台终端，应急餐照发；早上班主任看得到，本人凭密码解除",
        "a roommate blocks card, wallet and devices in one act, the emergency meal stays; the morning takes it back",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
