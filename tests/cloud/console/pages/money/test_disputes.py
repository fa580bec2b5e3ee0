"""Disputes at the console: what is open, an answer that names the way, and the stream that hears of it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role
from cloud.console.pages.money.disputes import Disputed
from cloud.payments.disputes.rows import TABLES, add_dispute
from cloud.process.settings import FOLDER, PEOPLE_FILE
from cloud.store.db import open_database
from tests.cloud.console.rig import Rig, made


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as rig:
        yield rig


def disputed(folder: Path, key: bytes = b"k") -> None:
    with closing(open_database(str(folder / FOLDER / PEOPLE_FILE))) as people, people.writing():
        for statement in TABLES:
            people.run(statement)
        add_dispute(people, key, "2026001", 1, 7, "<b>not me</b>", 5)


def test_what_is_open_is_answered_once_with_a_word_and_a_way(rig: Rig, tmp_path: Path) -> None:
    officer = rig.browser("officer", [Grant(Role.FINANCE)])
    assert "没有未答复的异议" in officer.see("/disputes")  # there is no wallet here at all
    officer.send("/disputes/1", 409, way="none", word="x")
    disputed(tmp_path)
    assert "&lt;b&gt;not me&lt;/b&gt;" in officer.see("/disputes")
    for wrong in ({"way": "elsewhere", "word": "x"}, {"way": "none", "word": " "}):
        officer.send("/disputes/1", 409, **wrong)
    officer.send("/disputes/1", way="refund", word="商户已退")
    officer.send("/disputes/1", 409, way="none", word="其实没有")
    page = officer.see("/disputes")
    assert "商户已退" in page
    assert "officer" in page
    assert '"open":[]' in officer.see("/api/v1/disputes").replace(" ", "").replace("\n", "")


def test_who_may_not_decide_answers_none(rig: Rig, tmp_path: Path) -> None:
    disputed(tmp_path)
    desk = rig.browser("desk", [Grant(Role.CARDS)])
    assert "答复并结案" not in desk.see("/disputes")
    desk.send("/disputes/1", 403, way="none", word="x")


def test_the_stream_hears_of_each(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    told = Disputed(tmp_path)
    before = told.read()
    disputed(tmp_path)
    after = told.read()
    disputed(tmp_path, b"k2")
    assert before != after
    assert told.read() == after  # the same entry: one is open at a time
