"""Letters from the console: a file with the codes, once, by who issues cards; what is set up wrongly makes none."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.process.settings import FOLDER, PEOPLE_FILE
from cloud.store.db import open_database
from cloud.wallet.people.records.letters import is_of, letter_of, plain
from cloud.wallet.people.roster import Holder, take_roster
from cloud.wallet.people.schema import make_tables
from cloud.wallet.settings import FILE
from tests.cloud.console.rig import Browser, Rig, made


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


@pytest.fixture
def desk(rig: Rig) -> Browser:
    folder = rig.sources.settings.data / FOLDER
    with closing(open_database(str(folder / PEOPLE_FILE))) as people:
        make_tables(people)
        with people.writing():
            take_roster(people, [Holder(f"200{n}", f"<b>{n}", "", "初一1班", "") for n in (1, 2)], [])
    return rig.browser("王芳", [Grant(Role.CARDS)])


def test_a_class_gets_its_letters_in_a_file_that_is_sent_once(rig: Rig, desk: Browser) -> None:
    folder = rig.sources.settings.data / FOLDER
    assert "wallet.toml" in desk.see("/letters")
    (folder / FILE).write_text('address = "https://wallet.school.cn"\n')
    assert "初一1班" in desk.see("/letters")
    text = desk.send("/letters", 200, group="初一1班", kind="html")
    assert (text.count("<section>"), "<b>" in text, "https://wallet.school.cn" in text) == (2, False, True)
    code = text.split("<code>")[1].split("</code>")[0]
    with closing(open_database(str(folder / PEOPLE_FILE))) as people, people.reading():
        assert is_of(letter_of(people, "2001", 0), "2001", plain(code))
    audit = rig.browser().see("/audit")
    assert "激活信 2 封" in audit
    assert code not in audit


def test_who_issues_no_cards_and_what_is_not_there_get_none(rig: Rig, desk: Browser) -> None:
    (rig.sources.settings.data / FOLDER / FILE).write_text('address = "https://wallet.school.cn"\n')
    for form in ({}, {"number": "nobody"}, {"group": "nobody"}):
        desk.send("/letters", 409, **form)
    assert desk.send("/letters", 200, number="2002", kind="csv").count("2002") == 1
    (rig.sources.settings.data / FOLDER / FILE).write_text("address = 3")
    desk.send("/letters", 409, number="2002")
    for grant in (Grant(Role.FINANCE), Grant(Role.TEACHER, Scope(group="初一1班"))):
        rig.browser("李雷", [grant]).see("/letters", 403)
