"""After a lunch, one byte is edited in the outbox and one amount in the ledger: `verify` names both."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.scenes.campus import Campus
from tests.scenes.plans import run
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process


async def _lunch(room: Path) -> None:
    async with Campus(room, seed=51, rate=20) as campus:
        await campus.open()
        await campus.until_shown(20)
        await campus.close_shop()
        require_truth(campus)
        await campus.stop(*reversed([name for name in campus.parts if name != "keys"]))
        _edit_outbox(campus)
        _edit_ledger(campus)


def _edit_outbox(campus: Campus) -> None:
    file = campus.data / "boxes" / "canteen" / "outbox.db"
    row, body = campus.outbox("SELECT row, body FROM record ORDER BY row LIMIT 1 OFFSET 9")[0]
    raw = bytearray(file.read_bytes())
    assert raw.count(body) == 1
    raw[raw.index(body) + 20] ^= 0x01
    file.write_bytes(raw)
    done = run("edge", "verify", "--data", campus.data)
    assert done.returncode == 1, done.stdout
    assert f"第 {row} 行：" in done.stdout, done.stdout


def _edit_ledger(campus: Campus) -> None:
    entry = campus.asked("SELECT id FROM entry WHERE record IS NOT NULL ORDER BY id LIMIT 1 OFFSET 9")[0][0]
    with closing(sqlite3.connect(campus.ledger)) as db:
        with pytest.raises(sqlite3.Error):
            db.execute("UPDATE posting SET fen = fen + 1 WHERE entry = ?", (entry,))
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        db.execute("UPDATE posting SET fen = fen + 1 WHERE entry = ?", (entry,))
        db.commit()
    for keys in ((), ("--keys", campus.socket)):
        done = run("cloud", "verify", "--data", campus.data, *keys)
        assert done.returncode == 1, done.stdout
        assert f"entry {entry}:" in done.stdout, done.stdout


def test_one_byte_in_the_outbox_and_one_amount_in_the_ledger_are_named(room: Path) -> None:
    asyncio.run(_lunch(room))
