"""The audit list: every act is in it, nothing in it can be changed unseen, and nothing that it holds is a secret."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.console.access.audit import HOUR_MS, STRANGERS_MAX, Audit, Deed, Question
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
    assert audit.broken_at() is None
    with closing(sqlite3.connect(tmp_path / "console.db", isolation_level=None)) as db:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(harm)
        db.executescript("DROP TRIGGER audit_kept; DROP TRIGGER audit_stays")
        db.execute(harm)
    assert audit.broken_at() == at


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
    assert audit.broken_at() is None


def test_signing_in_is_in_it_and_the_password_is_not(rig: Rig, tmp_path: Path) -> None:
    rig.browser()
    assert rig.app.test_client().post("/login", data={"name": "admin", "password": "wrong"}).status_code == 403
    newest, first = rig.sources.audit.rows(Question())
    assert (first.deed.act, first.deed.status) == ("use_link", 302)
    assert (newest.deed.act, newest.deed.status) == ("try_login", 403)
    assert newest.deed.who == ""
    for file in (tmp_path / "cloud").glob("console.db*"):
        assert PASSWORD.encode() not in file.read_bytes()
