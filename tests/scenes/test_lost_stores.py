"""Stores that are lost: the outbox folder destroyed after ACK, the ledger put back from an older copy, a full disk."""

import asyncio
from pathlib import Path

import pytest

from tests.scenes.campus import Campus
from tests.scenes.plans import STRANGER, command
from tests.scenes.truth import require_truth
from tests.small_disk import moved_onto

pytestmark = pytest.mark.process
DISK = "24m"


async def _outbox_destroyed(room: Path) -> None:
    async with Campus(room, seed=41) as campus:
        await campus.open()
        await campus.until_shown(30)
        await campus.kill("ingest")
        had = campus.posted()
        await campus.until_shown(60)  # long enough for a SETTLED, were there one to say
        shown = campus.shown()
        await campus.until("all of it ACKed", lambda: campus.outbox("SELECT count(*) FROM record")[0][0] >= shown)
        store = campus.outbox("SELECT value FROM about WHERE name = 'store'")
        await campus.kill("edge-canteen")
        assert campus.posted() == had < shown, "some records were in the outbox and at the terminals only"
        for file in (campus.data / "boxes" / "canteen").glob("outbox.db*"):
            file.unlink()
        await campus.start("edge-canteen", "ingest")
        assert campus.outbox("SELECT value FROM about WHERE name = 'store'") != store
        await campus.until_posted(shown - had)
        await campus.close_shop()
        view = require_truth(campus)
        assert view.duplicates > 0, "terminals sent again what was posted and not yet SETTLED"


def test_outbox_destroyed_after_ack(room: Path) -> None:
    asyncio.run(_outbox_destroyed(room))


def _covered(campus: Campus) -> int:
    """Up to which row the box knows a backup of what it has sent."""
    rows = campus.outbox("SELECT value FROM about WHERE name = 'backup'")
    return int.from_bytes(rows[0][0], "big") if rows else 0


def _put_back(old: Path, campus: Campus) -> None:
    """As somebody does whose disk is gone: into an empty place."""
    for file in campus.ledger.parent.glob("*.db*"):
        file.unlink()
    command("cloud", "backup", "restore", "--from", old, "--data", campus.data)


async def _older_copy(room: Path) -> None:
    async with Campus(room, seed=42) as campus:
        card = campus.asked("SELECT card FROM card WHERE label = ?", STRANGER)[0][0]

        def loads() -> int:
            return int(campus.asked("SELECT count(*) FROM load_case WHERE card = ? AND record > 0", card)[0][0])

        await campus.open()
        await campus.until_posted(20)
        command("cloud", "backup", "--data", campus.data, "--to", room / "backups")
        (old,) = (room / "backups").glob("backup-*")
        await campus.until("the box has its backup mark", lambda: _covered(campus) > 0)
        command("cloud", "deposit", "--data", campus.data, "--card", STRANGER, "--fen", "100000", "--key", "late")
        await campus.until("the stranger's load confirmed", loads)
        await campus.until_shown(20)
        await campus.kill("ingest")
        had = campus.posted()
        _put_back(old, campus)
        assert (campus.posted() < had, loads()) == (True, 0)
        await campus.start("ingest")
        await campus.until_told("ledger-recovery")
        await campus.until_told("put-back")
        await campus.close_shop()
        _require_named(campus)
        require_truth(campus)
        assert campus.posted() >= had
        assert {level for level, _ in campus.facts("ledger-recovery")} == {"urgent"}
        assert campus.asked("SELECT count(*) FROM entry WHERE kind = 2 AND document LIKE '%late%'") == [(0,)]
        assert loads(), "a load posts from its TAC alone"
        assert campus.facts("account-negative"), "its deposit is gone: a finding"


def _require_named(campus: Campus) -> None:
    """The deposit is gone: its number is named and the books are false, until two persons have closed the list."""
    where = ("--data", campus.data)
    said = command("cloud", "verify", *where, code=1)
    assert "of the book-only chain are gone" in said, said
    listed = command("cloud", "put-back", *where, code=1)
    assert "再来：" in listed
    assert f"缺款：卡 {STRANGER}" in listed, listed
    stated = command("cloud", "backup", "recovered", *where, code=1)
    assert all(part in stated for part in ("还原说明书", "由 backup-", "合计：", f"卡 {STRANGER} 电子账户 至少缺 ¥"))
    assert "笔只在账本里的事" in stated
    command("cloud", "put-back", *where, "propose", "--who", "张三", "--reason", "按底单补记")
    command("cloud", "put-back", *where, "confirm", "--proposal", 1, "--who", "李四")


def test_ledger_put_back_from_an_older_copy(room: Path) -> None:
    asyncio.run(_older_copy(room))


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as out:
        try:
            while out.write(bytes(1 << 16)) == 1 << 16:
                pass
        except OSError:
            return


async def _disk_full(room: Path) -> None:
    async with Campus(room, seed=43) as campus:
        await campus.open()
        await campus.until_posted(10)
        filler = campus.data / "boxes" / "canteen" / "filler"
        _fill(filler)
        await campus.until_told("outbox-refused")
        assert {level for level, _ in campus.facts("outbox-refused")} == {"urgent"}
        await campus.kill("ingest")  # so that nothing is settled, and no settled row can make room
        refused = campus.status("edge-canteen").get("refused", 0)
        await campus.until_shown(20)
        await campus.until_status("goes on refusing", "edge-canteen", lambda said: said["refused"] > refused)
        assert {campus.status(name)["selling"] for name in campus.bodies} == {True}
        filler.unlink()
        await campus.start("ingest")
        await campus.until_posted(20)
        await campus.close_shop()
        require_truth(campus)
        assert campus.status("edge-canteen")["facts"]["outbox-refused"] > 0


def test_disk_of_the_outbox_is_full(room: Path) -> None:
    with moved_onto(room / "campus" / "boxes" / "canteen", DISK):
        asyncio.run(_disk_full(room))
