"""A school's server goes from the release before to today's while it sells, a parent deposits and accounts pay; keeps
itself each night; burns down, and is opened from paper and put back.

The release before is built by its own code from the repository's history; where that is not there, there is nothing to
go on from. Its ledger is PostgreSQL, in containers as a school has it.
"""

import asyncio
import http.client
import json
import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from cloud.ledger.schema.migrate import HEAD
from cloud.wallet.people.demonstration import PARENT
from compose.campus.lines import write_lines
from compose.campus.plan import write_plan
from compose.place import ROOT
from compose.server.starting import settings
from compose.servers.ports import free_port
from edge.terminal.counter.interactive import PROMPT
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.banked import FEN, Parent, connect
from tests.scenes.containers import Containers, missing
from tests.scenes.hand import Hand
from tests.scenes.named.test_box_upgrade import LOOK_S, POSTING_S, SELLING_S, Gaps
from tests.scenes.phone import Phone, Refused
from tests.scenes.scene import CHINA, Scene, Stage
from tests.scenes.served import WALLET, Served, dsn, let_in
from tests.scenes.tls_peers import TlsPeer
from tests.scenes.truth import require_payments, require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
BEFORE = "681c3f84"
"""The last state whose school's server has the wallet in it, and no place for the open platform."""
SCHEMA_BEFORE = "0047"
COUNTER = "pos-3"
APART = (f"t-{COUNTER}", "t-load-1")
PHONE_S = 30.0
"""Longest that a phone is not answered while all is replaced: four that post go first, the wallet's follow."""
RATE = 4.0
DEPOSIT_FEN = 5 * plans.DEPOSIT_FEN
NIGHT_S, POSTED_S, BACK_S = 240.0, 120.0, 60.0
APP, CANTEEN = "小卖部", "商户1"
BOOKS = "SELECT count(*), coalesce(sum(id), 0) FROM entry"
SCHEMA = "SELECT version_num FROM alembic_version"
_LATER = ("UPDATE alembic_version SET version_num = '{0}'", "UPDATE schema_reader SET least = '{1}'")


async def _play(stage: Stage) -> None:
    lacks = missing()
    stage.needs(not lacks, Text(f"本机没有 {'、'.join(lacks)}", f"this machine has no {', '.join(lacks)}"))
    stage.folder.mkdir(parents=True, exist_ok=True)
    before = stage.folder / "before"
    stage.needs(_checked_out(before), Text("没有本仓库的历史", "the history of this repository is not here"))
    with Containers() as engine:
        await _in(engine, stage, before)


def _checked_out(tree: Path) -> bool:
    """The code of before, with modes as anybody's checkout has them: in a private one nobody else may run a program."""
    clone = ("git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(tree))
    return not (
        subprocess.run(clone, capture_output=True, check=False, umask=0o022).returncode
        or subprocess.run(
            ("git", "checkout", "--quiet", BEFORE), cwd=tree, capture_output=True, check=False, umask=0o022
        ).returncode
    )


async def _in(engine: Containers, stage: Stage, before: Path) -> None:
    room, root = stage.folder, stage.folder / "server"
    plan = plans.on_tcp()
    write_plan(room / "plan.json", plan)
    with stage.step(
        Text("两个发行的镜像", "images of two releases"), Text("各由自己的代码做成", "each made by its own code")
    ) as step:
        began = time.monotonic()
        engine.server("build", tree=before)
        engine.server("build")
        step.seen = Text(f"{time.monotonic() - began:.0f} 秒", f"{time.monotonic() - began:.0f} s")
    engine.server("init", root, "--address", "127.0.0.1", "--plan", room / "plan.json", tree=before)
    mqtt_port = let_in(room, root)
    connect(root)
    engine.server("up", root, tree=before)
    deposits = root / "data/cloud/deposits.jsonl"
    write_lines(
        deposits, ({"card": card.label, "fen": DEPOSIT_FEN, "key": f"first-{card.label}"} for card in plan.cards)
    )
    deposits.chmod(0o644)
    engine.server("cloud", root, "deposit", "--file", "/campus/deposits.jsonl", tree=before)
    parent = Parent(root, int(settings(root)[WALLET]))
    async with Served(room, root, mqtt_port, seed=31, rate=RATE) as campus:
        await campus.open(*APART)
        async with Hand(campus, COUNTER) as hand:
            await _upgraded(campus, engine, stage, root, parent, hand)
        await campus.start(*APART)
        await _closed(campus, engine, stage, root)
        _opened(engine, stage, root)
        await _by_tls(campus, engine, stage, root, parent)
        words = _sealed(engine, stage, root)
        _examined(engine, stage, root)
        await _night(campus, engine, stage, root)
        with stage.step(Text("收市", "the shop closes"), Text("账全对", "the books are true")) as step:
            await campus.close_shop()
            view = require_truth(campus)
            require_payments(campus)
            step.seen = Text(f"{view.posted} 笔入账", f"{view.posted} posted")
        _put_back(campus, engine, stage, root, words)
        await _by_itself(campus, engine, stage, root, parent)


class Paying:
    """A till that takes a yuan by account again and again: how often it was paid, and the longest that none was."""

    def __init__(self, hand: Hand) -> None:
        self.paid, self.not_paid, self.longest_s = 0, 0, 0.0
        self._hand, self._is_over = hand, False
        self._task = asyncio.create_task(self._pay())

    async def end(self) -> None:
        """Behind the payment that is under way."""
        self._is_over = True
        await self._task

    async def _pay(self) -> None:
        since_s = time.monotonic()
        while not self._is_over:
            await self._hand.types("pay 1", PROMPT)
            if "成功" in self._hand.screen:
                self.longest_s, since_s = max(self.longest_s, time.monotonic() - since_s), time.monotonic()
            self.paid += "成功" in self._hand.screen
            self.not_paid += "未收款" in self._hand.screen


class Looking:
    """A phone that asks again and again; the longest that nobody answered."""

    def __init__(self, ask: Callable[[], object]) -> None:
        self.longest_s = 0.0
        self._ask, self._is_over = ask, False
        self._task = asyncio.create_task(asyncio.to_thread(self._look))

    async def end(self) -> None:
        """Behind the look that is under way."""
        self._is_over = True
        await self._task

    def _look(self) -> None:
        since_s = time.monotonic()
        while not self._is_over:
            try:
                self._ask()
            except (OSError, http.client.HTTPException, Refused):
                time.sleep(LOOK_S)
                continue
            self.longest_s, since_s = max(self.longest_s, time.monotonic() - since_s), time.monotonic()
            time.sleep(LOOK_S)


async def _upgraded(
    campus: Served, engine: Containers, stage: Stage, root: Path, parent: Parent, hand: Hand
) -> None:  # fmt: skip
    with stage.step(
        Text("旧发行在卖，家长登录，充值已下单", "the release before sells, a parent signs in and orders a deposit"),
        Text("入账", "it is posted"),
    ) as step:
        await campus.until_posted(10)
        assert campus.asked(SCHEMA) == [(SCHEMA_BEFORE,)]
        parent.sign_in(engine, root)
        assert parent.deposit()["state"] == "made"
        step.seen = Text(f"{campus.posted()} 笔，账本 {SCHEMA_BEFORE}", f"{campus.posted()}, ledger {SCHEMA_BEFORE}")
    gaps, paying, looking = Gaps(campus), Paying(hand), Looking(parent.deposit)
    with stage.step(
        Text("./ykt server upgrade，边卖、边付、边充值", "./ykt server upgrade, beside sales, payments and a deposit"),
        Text("账本升到今天的版本", "the ledger is brought to today's schema"),
    ) as step:
        said = await asyncio.to_thread(engine.server, "upgrade", root)
        await campus.until("the ledger answers", lambda: campus.posted() >= 0)
        await campus.until_posted(10)
        assert campus.asked(SCHEMA) == [(HEAD,)]
        paid = paying.paid
        await campus.until("accounts pay again", lambda: paying.paid > paid + 1)
        step.seen = said.strip().splitlines()[-1]
    longest = await gaps.end()
    await paying.end()
    await looking.end()
    with stage.step(
        Text("停了多久", "how long was nothing done"),
        Text("收款不停，入账 ≤ 10 秒，手机 ≤ 30 秒", "no halt of sales, posting ≤ 10 s, phones ≤ 30 s"),
    ) as step:
        by_account, by_phone = round(paying.longest_s, 1), round(looking.longest_s, 1)
        step.seen = Text(
            f"最长：收款 {longest['sold']} 秒，入账 {longest['posted']} 秒，账户支付 {by_account} 秒"
            f"（成 {paying.paid}，未收款 {paying.not_paid}），手机 {by_phone} 秒",
            f"longest gaps: {longest}, by account {by_account} (paid {paying.paid}, not {paying.not_paid}), "
            f"phones {by_phone}",
        )
        assert longest["sold"] <= SELLING_S * stage.slow, longest
        assert longest["posted"] <= POSTING_S * stage.slow, longest
        assert by_phone <= PHONE_S * stage.slow, by_phone
    with stage.step(
        Text("家长在银行付了款；手机还登录着", "the parent pays at the bank; the phone is still signed in"),
        Text("入账一次", "posted, once"),
    ) as step:
        await campus.until("it is posted", lambda: parent.state() == "posted", POSTED_S)
        assert _orders(campus) == [("bank", FEN)]
        step.seen = Text(f"+{FEN} 分", f"+{FEN} fen")


def _opened(engine: Containers, stage: Stage, root: Path) -> None:
    with stage.step(
        Text("打开开放平台，登记一个应用", "the open platform is switched on, an application is registered"),
        Text("它的容器就绪", "its container is ready"),
    ) as step:
        engine.server("open", root, "--address", f"https://127.0.0.1:{free_port()}")
        assert engine.server("status", root), "all of it"
        engine.server("cloud", root, "open", "app", "add", "--name", APP, "--merchant", CANTEEN, "--scopes", "pay")
        assert APP in engine.server("cloud", root, "open", "app", "list")
        step.seen = APP


def _examined(engine: Containers, stage: Stage, root: Path) -> None:
    with stage.step(
        Text("体检：安装，再由容器里的服务器自己说", "the doctor: installation, and the server in its container"),
        Text("前置区通不到账本；安装里没有异常", "no way from front to books; nothing wrong"),
    ) as step:
        said = json.loads(engine.server("doctor", root, "--json", code=None).splitlines()[0])
        own, cloud = (one["checks"] for one in said["parts"])
        states = {one["id"]: one["state"] for one in own}
        assert states["front-zone"] == states["containers"] == states["zones"] == "good", own
        assert "bad" not in states.values(), own
        wrong = [f"{one['id']} {one['about']}: {one['said']}" for one in cloud if one["state"] == "bad"]
        step.seen = "; ".join(wrong) or Text(f"{len(own)} + {len(cloud)} 项", f"{len(own)} and {len(cloud)} answers")
        assert {one["id"] for one in cloud} >= {"ledger", "wallet-codes", "key-backup"}


async def _by_tls(campus: Served, engine: Containers, stage: Stage, root: Path, parent: Parent) -> None:
    peer = TlsPeer(engine, root, stage.folder / "peer")
    with stage.step(
        Text("短信网关与微信在 TLS 之后，学校自己的 CA", "an SMS gateway and WeChat behind TLS, of a CA of their own"),
        Text("验证码发得出；充值没有回调也入账一次", "a code leaves; a deposit is posted once, with no callback"),
    ) as step:
        peer.start()
        assert not engine.composed(root, "restart", "accounts", "payments").returncode
        await campus.until("the wallet answers", parent.is_answered, BACK_S)
        stranger = Phone(int(settings(root)[WALLET]), root / "data/front/front/ca.pem")
        stranger.ask("sign-in/send-code", phone=PARENT.phone)
        await campus.until("its gateway has the code", lambda: [one["to"] for one in peer.taken()], POSTED_S)
        assert peer.taken()[0]["to"] == PARENT.phone
        asked = {"holder": parent.child, "key": "11" * 16}
        order = parent.phone.ask("deposit/new", **asked, channel="wechat", fen=FEN)["order"]
        await campus.until("it has the order", lambda: _state(parent, asked) == "to-pay", POSTED_S)
        peer.pay(order)
        await campus.until("it is posted", lambda: _state(parent, asked) == "posted", POSTED_S)
        assert _orders(campus) == [("bank", FEN), ("wechat", FEN)]
        step.seen = Text(f"{len(peer.taken())} 条短信，+{FEN} 分", f"{len(peer.taken())} texts, +{FEN} fen")
        peer.end()


def _orders(campus: Served) -> list[tuple[str, int]]:
    """All that were made. The account itself goes on: the load machine takes from it."""
    rows = campus.asked("SELECT provider, fen FROM deposit_order")
    return sorted((str(provider), int(fen)) for provider, fen in rows)


def _state(parent: Parent, asked: dict[str, str]) -> str:
    return str(parent.phone.ask("deposit/state", **asked)["state"])


def _sealed(engine: Containers, stage: Stage, root: Path) -> str:
    with stage.step(
        Text("密钥、密码与配置封存到别处", "keys, secrets and settings are sealed elsewhere"),
        Text("按纸证明打得开", "and proven by paper to open"),
    ) as step:
        words = str(json.loads(engine.server("backup", root, "keys", "--to", _elsewhere(root), "--json"))["passphrase"])
        step.seen = engine.server("backup", root, "prove", "--to", _elsewhere(root), typed=f"{words}\n").strip()
        return words


def _elsewhere(root: Path) -> Path:
    return root.with_name("elsewhere")


async def _closed(campus: Served, engine: Containers, stage: Stage, root: Path) -> None:
    """As a later release would leave the ledger: its number is higher, and says that programs of today may not."""
    with stage.step(
        Text("账本属于更新的发行时换回今天的", "back to today's, where the ledger is a later release's"),
        Text("拒绝，说出为什么和出路；什么也没改", "refused; it says why, and the ways out; nothing is changed"),
    ) as step:
        settings = (root / ".env").read_text()
        least = campus.asked("SELECT max(least) FROM schema_reader")[0][0]
        _make_later(root, "9998", "9998")
        try:
            said = await asyncio.to_thread(engine.server, "upgrade", root, code=2)
        finally:
            _make_later(root, HEAD, least)
        assert "9998" in said, said
        assert "cloud backup restore" in said, said
        assert (root / ".env").read_text() == settings
        step.seen = said.strip().splitlines()[-1]
        await campus.until_posted(6)


def _make_later(root: Path, schema: str, least: str) -> None:
    with psycopg.connect(dsn(root)) as db:
        for sql in _LATER:
            db.execute(sql.format(schema, least).encode())


async def _night(campus: Served, engine: Containers, stage: Stage, root: Path) -> None:
    with stage.step(
        Text("打开备份服务，到点", "the backup service is put on, and its hour comes"),
        Text("做成、校验、签给网关", "made, verified, and boxes are told"),
    ) as step:
        at = datetime.now(CHINA) + timedelta(minutes=1, seconds=30)
        _set(root, YKT_BACKUP_HOUR=f"{at:%H:%M}", COMPOSE_PROFILES="metrics,backup")
        await asyncio.to_thread(engine.server, "up", root)
        mark = root / "data/cloud/cloud/backup.json"
        await campus.until("the first backup, at once", mark.exists, NIGHT_S)
        await campus.until("the night's backup", lambda: len([*(root / "backup").glob("backup-*[0-9]")]) == 2, NIGHT_S)
        assert mark.stat().st_uid == (root / "data/cloud/cloud").stat().st_uid, "the watch reads it"
        box = campus.plan.boxes[0].box
        covered = campus.asked("SELECT max(row) FROM backup_mark")[0][0]
        assert covered > 0
        held = "SELECT value FROM about WHERE name = 'backup'"
        await campus.until("the box has its mark", lambda: campus.outbox(held, box=box) not in ([], [(b"",)]), NIGHT_S)
        step.seen = Text(f"网关第 {covered} 行之前", f"up to row {covered} of the box")
    with stage.step(
        Text("列出、校验、现在再做一份", "listed, checked, and another one is made now"),
        Text("每一段日志都归档", "every segment of the log is archived"),
    ) as step:
        newest = max((root / "backup").glob("backup-*")).name
        await asyncio.to_thread(engine.server, "backup", root, "check", "--from", f"/backup/{newest}")
        await campus.until_posted(6)
        await asyncio.to_thread(engine.server, "backup", root)
        step.seen = await asyncio.to_thread(engine.server, "backup", root, "list")
        failed, on = campus.asked("SELECT failed_count, current_setting('archive_mode') FROM pg_stat_archiver")[0]
        assert (failed, on) == (0, "on")
        assert len([*(root / "backup").glob("backup-*")]) == 3


def _set(root: Path, **settings: str) -> None:
    kept = [line for line in (root / ".env").read_text().splitlines() if line.partition("=")[0] not in settings]
    (root / ".env").write_text("\n".join([*kept, *(f"{name}={value}" for name, value in settings.items())]) + "\n")


def _put_back(campus: Served, engine: Containers, stage: Stage, root: Path, words: str) -> None:
    with stage.step(
        Text("机器烧了：只剩纸、封存、备份盘", "the machine burns down: paper, seal and the disk of backups are left"),
        Text("账一笔不少；旧的绝不覆盖", "not an entry less; what is there is never overwritten"),
    ) as step:
        before = campus.asked(BOOKS)
        engine.server("backup", root, "keys", "--to", _elsewhere(root))  # as each night: the repository's own secret
        newest = max((root / "backup").glob("backup-*")).name
        restore = ("backup", root, "restore", "--from", f"/backup/{newest}", "--at", "latest")
        engine.server("down", root)
        assert "不覆盖" in engine.server(*restore, code=1)
        burnt = root.with_name("burnt")
        root.rename(burnt)
        archive = max(_elsewhere(root).iterdir())
        engine.server("backup", root, "open-keys", "--from", archive, typed=f"{words}\n")
        for name in ("backup", "issue"):  # a disk of its own; what the school keeps off line
            if (root / name).exists():
                (root / name).rmdir()
            (burnt / name).rename(root / name)
        engine.server(*restore)
        engine.server("up", root)
        assert campus.asked(BOOKS) == before
        assert campus.asked("SELECT current_setting('archive_mode')") == [("off",)], "a drill writes into no repository"
        stated = engine.server("backup", root, "recovered", code=None)  # it is whole when the box has been heard again
        assert newest in stated, stated
        engine.server("cloud", root, "verify")
        assert APP in engine.server("cloud", root, "open", "app", "list")
        step.seen = Text(f"{before[0][0]} 笔分录", f"{before[0][0]} entries")


async def _by_itself(campus: Served, engine: Containers, stage: Stage, root: Path, parent: Parent) -> None:
    with stage.step(
        Text("停下，只用 docker-compose 启动", "ended, and started by docker-compose alone"),
        Text("手机还登录着，充值还在", "the phone is still signed in, the deposit is there"),
    ):
        engine.composed(root, "down")
        done = engine.composed(root, "up", "--detach")
        assert not done.returncode, done.stderr
        await campus.until("the ledger answers", lambda: campus.posted() >= 0, NIGHT_S)
        await campus.until("the phone is answered", parent.is_answered, NIGHT_S)
        assert parent.state() == "posted"
        assert "未就绪" not in engine.server("status", root)


SCENE = Scene(
    "server-upgrade",
    Text("学校服务器升级、备份、还原", "a server is upgraded, kept, put back"),
    Text(
        "旧发行边卖边换成今天的，家长在充值，入账停顿不过十秒；机器烧了，凭纸、封存、备份盘一笔不少地还原",
        "today's release comes while it sells and a parent deposits; a burnt machine is back from paper, seal and disk",
    ),
    _play,
)


def test_a_server_is_upgraded_kept_and_put_back(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
