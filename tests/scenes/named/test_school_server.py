"""A school's server in containers, as an integrator brings it up: a day is sold through it while they are killed.

Built from the checkout, started by docker-compose at podman's socket. Boxes and terminals stand outside and see one
door. What is killed comes back by itself; nobody helps.
"""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from compose.campus.lines import write_lines
from compose.campus.plan import write_plan
from compose.server.starting import settings
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.banked import FEN, Parent, connect
from tests.scenes.containers import Containers, missing
from tests.scenes.opened import Shop
from tests.scenes.scene import Scene, Stage
from tests.scenes.served import WALLET as WALLET_PORT
from tests.scenes.served import Served, let_in
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
SEED = 20
KILLS, MANY = 20, 200
"""As it is shown, and as `./ykt test --all` has it."""
WALLET = ("accounts", "wallet", "payments")
SERVICES = ("postgres", "broker", "keys", "ingest", "signer", "enrol", "desk", "console", "watch", "metrics", *WALLET)
UP_S = 90.0
BACK_S = 60.0
POSTED_S = 120.0
"""Of a deposit by the bank: its file goes out within a minute."""
DEPOSIT_FEN = 5 * plans.DEPOSIT_FEN
"""Of each card: enough for a day that is two hundred kills long."""
SALES = 6
"""Between two kills."""
RATE = 4.0
BOOKS = "SELECT count(*), coalesce(sum(id), 0) FROM entry"


async def _play(kills: int, stage: Stage) -> None:
    lacks = missing()
    stage.needs(not lacks, Text(f"本机没有 {'、'.join(lacks)}", f"this machine has no {', '.join(lacks)}"))
    stage.folder.mkdir(parents=True, exist_ok=True)
    with Containers() as engine:
        await _in(engine, stage, kills)


async def _in(engine: Containers, stage: Stage, kills: int) -> None:
    room, root = stage.folder, stage.folder / "server"
    plan = plans.on_tcp()
    write_plan(room / "plan.json", plan)
    with stage.step(
        Text("镜像从文件做成", "images are made of files"), Text("不问任何镜像仓库", "no registry is asked")
    ) as step:
        began = time.monotonic()
        engine.server("build")
        step.seen = Text(f"{time.monotonic() - began:.0f} 秒", f"{time.monotonic() - began:.0f} s")
    with stage.step(
        Text("建安装目录，启动", "an installation is made and started"),
        Text("九十秒内全部就绪", "all ready within 90 s"),
    ) as step:
        engine.server("init", root, "--address", "127.0.0.1", "--plan", room / "plan.json")
        mqtt_port = let_in(room, root)
        connect(root)
        began = time.monotonic()
        engine.server("up", root)
        stage.at_most(step, time.monotonic() - began, UP_S)
    deposits = room / "deposits.jsonl"
    write_lines(
        deposits, ({"card": card.label, "fen": DEPOSIT_FEN, "key": f"first-{card.label}"} for card in plan.cards)
    )
    plans.command("cloud", "deposit", "--data", room / "campus", "--file", deposits)
    async with Served(room, root, mqtt_port, seed=SEED, rate=RATE) as campus:
        await _sold_and_killed(campus, engine, stage, kills)
        parent = Parent(root, int(settings(root)[WALLET_PORT]))
        await _paid_in(campus, engine, stage, root, parent)
        await _opened(campus, engine, stage, root)
        await _down_and_up(campus, engine, stage, root, parent)
        await _revoked(campus, engine, stage, root)
    await _refused(engine, stage, root)


async def _sold_and_killed(campus: Served, engine: Containers, stage: Stage, kills: int) -> None:
    with stage.step(
        Text("外面的网关与终端开始卖", "boxes and terminals outside sell"), Text("入账", "it is posted")
    ) as step:
        await campus.open()
        await campus.until_posted(10)
        step.seen = Text(f"{campus.posted()} 笔", f"{campus.posted()} records")
    with stage.step(
        Text(f"容器一个接一个被杀，共 {kills} 次", f"containers are killed one after another, {kills} times"),
        Text("自己回来，一直在卖", "they come back by themselves; selling goes on"),
    ) as step:
        chance, back_s = random.Random(SEED), []
        for number in range(kills):
            service = chance.choice(SERVICES)
            gone, began = engine.kill(service), time.monotonic()
            await campus.until_shown(SALES)
            await campus.until(f"{service} is back", partial(_is_back, engine, service, gone), BACK_S)
            if number % 2:  # every other one while the one before is still felt
                await campus.until("the ledger answers", lambda: campus.posted() >= 0)
                await campus.until_posted(SALES)
            back_s.append(time.monotonic() - began)
        slowest = max(back_s)
        step.seen = Text(f"最慢 {slowest:.1f} 秒恢复", f"the slowest took {slowest:.1f} s")
    with stage.step(
        Text("收市，全部送达", "the shop is closed and all has drained"),
        Text("零笔丢失：显示的 = 账上的 = 卡上的", "none lost: shown = in the books = on the cards"),
    ) as step:
        await campus.until("the ledger answers", lambda: campus.posted() >= 0)
        await campus.close_shop()
        view = require_truth(campus)
        step.seen = Text(
            f"显示成功 {campus.shown()} 笔，流水 {view.records} 条，差 {view.difference_fen} 分",
            f"{campus.shown()} shown, {view.records} records, a difference of {view.difference_fen} fen",
        )


async def _paid_in(campus: Served, engine: Containers, stage: Stage, root: Path, parent: Parent) -> None:
    with stage.step(
        Text("家长登录充值；账户、钱包、渠道容器被杀", "a parent signs in and deposits; all three are killed"),
        Text("入账一次，不丢不重", "posted, once"),
    ) as step:
        parent.sign_in(engine, root)
        await campus.until("the books are asked again", parent.is_answered, BACK_S)
        before = parent.online_fen()
        assert parent.deposit()["state"] == "made"
        gone = {name: engine.kill(name) for name in WALLET}
        await campus.until("they are back", lambda: all(_is_back(engine, *one) for one in gone.items()), BACK_S)
        await campus.until("the wallet answers", parent.is_answered, BACK_S)
        assert parent.deposit()["fen"] == FEN, "the same deposit under the same key"
        await campus.until("it is posted", lambda: parent.state() == "posted", POSTED_S)
        assert parent.online_fen() == before + FEN
        step.seen = Text(f"电子账户 +{FEN} 分", f"the online account +{FEN} fen")


async def _opened(campus: Served, engine: Containers, stage: Stage, root: Path) -> None:
    with stage.step(
        Text("打开开放平台，第三方程序在沙箱收款，容器被杀", "the open platform is on, and sells; it is killed"),
        Text("自己回来，同一笔还是同一笔", "it comes back by itself, and the same payment is the same"),
    ) as step:
        shop = Shop(engine, root)
        shop.until_up()
        first, gone = shop.sell("first"), engine.kill("open")
        await campus.until("open is back", partial(_is_back, engine, "open", gone), BACK_S)
        shop.until_up()
        assert shop.sell("first") == first
        step.seen = Text(f"付款 {first[:8]}…", f"payment {first[:8]}…")


async def _down_and_up(campus: Served, engine: Containers, stage: Stage, root: Path, parent: Parent) -> None:
    with stage.step(Text("写、停、起", "write, down, up"), Text("都还在", "still there")) as step:
        before = campus.asked(BOOKS)
        engine.server("down", root)
        assert not engine.pid("postgres")
        engine.server("up", root)
        after = campus.asked(BOOKS)
        assert parent.state() == "posted", "the phone is signed in as before"
        assert after == before, f"{before} → {after}"
        step.seen = Text(f"{after[0][0]} 笔分录", f"{after[0][0]} entries")


async def _revoked(campus: Served, engine: Containers, stage: Stage, root: Path) -> None:
    with stage.step(
        Text("一台网关被吊销", "a box is revoked"),
        Text("证明代理拒绝它之后才说完成；它再也连不上", "said when the broker is proved to refuse; it is out"),
    ) as step:
        box = campus.plan.boxes[0].box
        await campus.until_status("is connected", f"edge-{box}", lambda said: said["connected"])
        step.seen = engine.server("cloud", root, "box", "revoke", box, "--reason", "lost", "--who", "admin").strip()
        await campus.until_status("is out", f"edge-{box}", lambda said: not said["connected"])


async def _refused(engine: Containers, stage: Stage, root: Path) -> None:
    with stage.step(
        Text("已知的安装，空的数据库目录", "a known installation, an empty directory of its database"),
        Text("./ykt 与容器都拒绝，什么也不建", "./ykt and the container refuse; nothing is made"),
    ) as step:
        engine.server("down", root)
        books = root / "data/postgres"
        books.rename(books.with_name("away"))
        books.mkdir()
        said = engine.server("up", root, code=2)
        assert "data/postgres" in said, said
        engine.composed(root, "up", "--detach", "--no-deps", "postgres")
        told = engine.composed(root, "logs", "postgres").stdout
        assert "拒绝在空目录上重新开始" in told, told
        assert not [*books.iterdir()]
        engine.composed(root, "down")
        step.seen = said.strip().splitlines()[-1]


def _is_back(engine: Containers, service: str, gone: int) -> bool:
    return engine.pid(service) not in (0, gone)


SCENE = Scene(
    "school-server",
    Text("学校服务器", "a school's server"),
    Text(
        "镜像、安装、启动；卖一天，家长充值，容器被杀二十次，一笔不丢；停了再起都还在，空目录被拒绝",
        "a day is sold, a parent deposits, containers are killed twenty times: nothing is lost; up again, all is there",
    ),
    partial(_play, KILLS),
)


def test_a_day_through_containers_that_are_killed(plays: Callable[[Scene], None]) -> None:
    plays(replace(SCENE, play=partial(_play, MANY)))
