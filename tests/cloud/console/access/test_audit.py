"""The audit list: every act is in it, nothing in it can be changed unseen, and nothing that it holds is a secret."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.console.access.audit import HOUR_MS, STRANGERS_MAX, Audit, Deed, Question
from cloud.console.access.proving import prove
from tests.cloud.console.rig import PASSWORD, Rig, made


def deed(n: int, who: str = "王芳") -> Deed:
    return Deed(n, who, "127.0.0.1", "restart", f"terminal:{n}", "重启终端", "restart a terminal", 302)


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    found = Audit(tmp_path / "console.db")
    for n in range(1, 6):
        found.write(deed(n, "王芳" if n % 2 else "李明"))
    return found


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def test_the_newest_stand_first_and_can_be_looked_for(audit: Audit) -> None:
    assert [row.number for row in audit.rows(Question())] == [5, 4, 3, 2, 1]
    assert [row.number for row in audit.rows(Question(who="李明"))] == [4, 2]
    assert [row.deed for row in audit.rows(Question(find="terminal:3"))] == [deed(3)]
    assert [row.number for row in audit.rows(Question(before=3), most=1)] == [2]


@pytest.mark.parametrize(
    ("harm", "at"),
    [("UPDATE audit SET who = '李明' WHERE number = 3", 3), ("DELETE FROM audit WHERE number = 2", 2),
     ("UPDATE audit SET status = 500 WHERE number = 1", 1)],
)  # fmt: skip
def test_a_row_that_was_changed_or_taken_out_is_seen(audit: Audit, tmp_path: Path, harm: str, at: int) -> None:
    assert audit.look(1).is_whole
    with closing(sqlite3.connect(tmp_path / "console.db", isolation_level=None)) as db:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(harm)
        db.executescript("DROP TRIGGER audit_kept; DROP TRIGGER audit_stays")
        db.execute(harm)
    assert audit.look(2).broken_at == at
    assert Audit(tmp_path / "console.db").look(3).broken_at == at, "another process sees it as well"


def harmed(tmp_path: Path, *harms: str) -> None:
    """By somebody who may write the file."""
    with closing(sqlite3.connect(tmp_path / "console.db", isolation_level=None)) as db:
        db.executescript("DROP TRIGGER IF EXISTS audit_kept; DROP TRIGGER IF EXISTS audit_stays")
        for harm in harms:
            db.execute(harm)


def test_a_look_is_bounded_and_nothing_is_green_before_all_was_looked_at(audit: Audit) -> None:
    looks = [audit.look(at, most=2) for at in (1, 2, 3)]
    assert [(one.upto, one.last, one.is_whole) for one in looks] == [(2, 5, False), (4, 5, False), (5, 5, True)]
    assert [one.round_ms for one in looks] == [0, 0, 3]
    audit.write(deed(6))
    assert audit.look(4, most=2).is_whole, "it goes on from where it was"


def test_an_old_row_that_is_changed_is_found_by_looks_that_each_read_little(audit: Audit, tmp_path: Path) -> None:
    while not audit.look(1, most=2).is_whole:
        pass
    harmed(tmp_path, "UPDATE audit SET zh = '' WHERE number = 1")
    looks = [audit.look(2, most=2) for _ in range(6)]
    assert looks[-1].broken_at == 1
    assert not looks[-1].is_whole
    harmed(tmp_path, "UPDATE audit SET zh = '重启终端' WHERE number = 1")
    assert audit.look(9).broken_at == 1, "what was broken stays so"


def test_a_list_that_was_written_anew_with_hashes_that_fit_is_seen_at_once(audit: Audit, tmp_path: Path) -> None:
    audit.look(1)
    other = Audit(tmp_path / "other.db")
    for n in range(1, 6):
        other.write(deed(n, "别人"))
    harmed(
        tmp_path,
        f"ATTACH '{tmp_path / 'other.db'}' AS o",
        "DELETE FROM audit",
        "INSERT INTO audit SELECT * FROM o.audit",
    )
    assert audit.look(2).broken_at == 5
    assert Audit(tmp_path / "console.db").look(3).is_whole, "who never saw the true one cannot know"


def test_the_newest_rows_cannot_be_taken_out_either(audit: Audit, tmp_path: Path) -> None:
    audit.look(1)
    harmed(tmp_path, "DELETE FROM audit WHERE number > 3")
    assert audit.look(2).broken_at == 4


def test_it_is_proved_beside_the_pages(audit: Audit, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def proved() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(prove(audit, stop, lambda: 1, each_s=0.01))
        while not audit.look(1, most=0).is_whole:  # noqa: ASYNC110 - it ends in a file
            await asyncio.sleep(0)
        harmed(tmp_path, "UPDATE audit SET who = '' WHERE number = 2")
        while not caplog.records:  # noqa: ASYNC110 - it ends in a log
            await asyncio.sleep(0)
        stop.set()
        await task

    asyncio.run(proved())
    assert [record.getMessage() for record in caplog.records] == ["the audit list is broken at row 2"]


def test_strangers_cannot_fill_it_and_the_last_of_them_says_so(audit: Audit) -> None:
    for n in range(STRANGERS_MAX + 50):
        audit.write(deed(1_000 + n, who=""))
    audit.write(deed(9_000))
    rows = audit.rows(Question())
    assert [row.deed.who for row in rows[:2]] == ["王芳", ""]
    assert "不再逐条记录" in rows[1].deed.zh
    assert sum(not row.deed.who for row in rows) == STRANGERS_MAX
    audit.write(deed(1_000 + HOUR_MS * 2, who=""))
    assert audit.rows(Question())[0].deed.who == ""
    assert audit.look(1).is_whole


def test_signing_in_is_in_it_and_the_password_is_not(rig: Rig, tmp_path: Path) -> None:
    rig.browser()
    assert rig.app.test_client().post("/login", data={"name": "admin", "password": "wrong"}).status_code == 403
    newest, first = rig.sources.audit.rows(Question())
    assert (first.deed.act, first.deed.status) == ("use_link", 302)
    assert (newest.deed.act, newest.deed.status) == ("try_login", 403)
    assert newest.deed.who == ""
    for file in (tmp_path / "cloud").glob("console.db*"):
        assert PASSWORD.encode() not in file.read_bytes()
