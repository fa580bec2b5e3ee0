"""A school's server goes from the release before to today's while it sells; keeps itself each night; is put back.

The release before is built by its own code from the repository's history; where that is not there, there is nothing to
go on from. Its ledger is PostgreSQL, in containers as a school has it.
"""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from cloud.ledger.schema.migrate import HEAD
from compose.campus.lines import write_lines
from compose.campus.plan import write_plan
from compose.place import ROOT
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.containers import Containers, missing
from tests.scenes.named.test_box_upgrade import POSTING_S, SELLING_S, Gaps
from tests.scenes.scene import CHINA, Scene, Stage
from tests.scenes.served import Served, dsn, let_in
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
BEFORE = "0ace23bb"
"""The last state whose ledger had schema 0026: it knows no `schema_reader` and says no versions."""
SCHEMA_BEFORE = "0026"
RATE = 4.0
DEPOSIT_FEN = 5 * plans.DEPOSIT_FEN
NIGHT_S = 240.0
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
    with (root / "config/postgres/pg_ident.conf").open("a") as out:
        out.write("ykt root openykt\n")  # that release let root in for nothing
    engine.server("up", root, tree=before)
    deposits = root / "data/cloud/deposits.jsonl"
    write_lines(
        deposits, ({"card": card.label, "fen": DEPOSIT_FEN, "key": f"first-{card.label}"} for card in plan.cards)
    )
    deposits.chmod(0o644)
    engine.server("cloud", root, "deposit", "--file", "/campus/deposits.jsonl", tree=before)
    async with Served(room, root, mqtt_port, seed=31, rate=RATE) as campus:
        await _upgraded(campus, engine, stage, root)
        await _closed(campus, engine, stage, root)
        await _night(campus, engine, stage, root)
        with stage.step(Text("收市", "the shop closes"), Text("账全对", "the books are true")) as step:
            await campus.close_shop()
            view = require_truth(campus)
            step.seen = Text(f"{view.posted} 笔入账", f"{view.posted} posted")
        _put_back(campus, engine, stage, root)


async def _upgraded(campus: Served, engine: Containers, stage: Stage, root: Path) -> None:
    with stage.step(Text("旧发行在卖", "the release before sells"), Text("入账", "it is posted")) as step:
        await campus.open()
        await campus.until_posted(10)
        assert campus.asked(SCHEMA) == [(SCHEMA_BEFORE,)]
        step.seen = Text(f"{campus.posted()} 笔，账本 {SCHEMA_BEFORE}", f"{campus.posted()}, ledger {SCHEMA_BEFORE}")
    gaps = Gaps(campus)
    with stage.step(
        Text("./ykt server upgrade，边卖", "./ykt server upgrade, while it sells"),
        Text("账本升到今天的版本", "the ledger is brought to today's schema"),
    ) as step:
        said = await asyncio.to_thread(engine.server, "upgrade", root)
        await campus.until("the ledger answers", lambda: campus.posted() >= 0)
        await campus.until_posted(10)
        assert campus.asked(SCHEMA) == [(HEAD,)]
        step.seen = said.strip().splitlines()[-1]
    longest = await gaps.end()
    with stage.step(
        Text("停了多久", "how long was nothing done"),
        Text("收款不停，入账 ≤ 10 秒", "no halt of sales, posting ≤ 10 s"),
    ) as step:
        step.seen = Text(f"最长：收款 {longest['sold']} 秒，入账 {longest['posted']} 秒", f"longest gaps: {longest}")
        assert longest["sold"] <= SELLING_S * stage.slow, longest
        assert longest["posted"] <= POSTING_S * stage.slow, longest


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


def _put_back(campus: Served, engine: Containers, stage: Stage, root: Path) -> None:
    with stage.step(
        Text("数据库的盘没了：从备份还原，再启动", "the database's disk is gone: put back, and started"),
        Text("账一笔不少；旧的绝不覆盖", "not an entry less; what is there is never overwritten"),
    ) as step:
        before = campus.asked(BOOKS)
        newest = max((root / "backup").glob("backup-*")).name
        words = ("backup", root, "restore", "--from", f"/backup/{newest}", "--at", "latest")
        engine.server("down", root)
        assert "不覆盖" in engine.server(*words, code=1)
        shutil.rmtree(root / "data/postgres/17")
        for file in (root / "data/cloud/cloud").glob("*.db*"):
            file.unlink()
        engine.server(*words)
        engine.server("up", root)
        assert campus.asked(BOOKS) == before
        assert campus.asked("SELECT current_setting('archive_mode')") == [("off",)], "a drill writes into no repository"
        stated = engine.server("backup", root, "recovered")
        assert newest in stated, stated
        engine.server("cloud", root, "verify")
        step.seen = Text(f"{before[0][0]} 笔分录", f"{before[0][0]} entries")


SCENE = Scene(
    "server-upgrade",
    Text("学校服务器升级、备份、还原", "a server is upgraded, kept, put back"),
    Text(
        "旧发行边卖边换成今天的，入账停顿不过十秒；每夜的备份到点就做；盘没了，一笔不少地还原",
        "from the release before to today's while it sells; the night's backup is made; a lost disk is put back",
    ),
    _play,
)


def test_a_server_is_upgraded_kept_and_put_back(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
