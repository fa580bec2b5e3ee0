"""Activation letters: made for a class, on paper alone, good once; with them, birth opens nothing. And no word of who
is here."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.process.settings import FOLDER
from cloud.store.db import SqliteDatabase
from cloud.verbs.support import support_verbs
from cloud.wallet.back.answers import Answers
from cloud.wallet.back.opening import open_people
from cloud.wallet.back.table import OPERATIONS
from cloud.wallet.people.records.letters import LETTER_MS, letter_of, make_letter
from cloud.wallet.people.roster import Holder, take_roster
from cloud.wallet.people.throttle import BIND
from cloud.wallet.settings import FILE, Binding, read_wallet
from shared.errors import ConfigFault
from shared.input.command_line import Parser
from tests.cloud.campus import Campus
from tests.cloud.wallet.rig import CHILD, FATHER, MOTHER, PUPIL_PHONE, Rig

PASS = "a good password"
WHO = {"number": CHILD[0], "name": CHILD[1]}
NOBODY_S = "0000-0000-0000"
"""A code whose check character is right."""


@pytest.fixture
def school(rig: Rig) -> Rig:
    """It binds by letters."""
    site = replace(rig.site, binding=Binding.LETTER)
    return Rig(site, Answers(site, OPERATIONS), rig.now, rig.session)


def letter(rig: Rig) -> str:
    with rig.site.people.writing():
        return make_letter(rig.site.people, CHILD[0], rig.now.unix_ms)


def begin(rig: Rig, code: str, phone: str = PUPIL_PHONE, **changed: str) -> int:
    """How many SMS went."""
    before = rig.sms()
    assert rig.ask("bind/begin", phone=phone, letter=code, **{**WHO, **changed}) == {}
    return rig.sms() - before


def finish(rig: Rig, phone: str = PUPIL_PHONE, who: str = "pupil") -> object:
    return rig.ask("bind/finish", who, number=CHILD[0], phone=phone, code=rig.code(), password=PASS)


def test_a_letter_binds_once_however_it_was_typed(school: Rig) -> None:
    code = letter(school)
    assert school.ask("bind/way") == {"by": "letter"}
    assert begin(school, code.lower().replace("-", " ").replace("0", "o")) == 1
    assert finish(school) == {}
    assert [one["own"] for one in school.ask("me", "pupil")["holders"]] == [True]
    assert begin(school, code, MOTHER) == 0, "used up"


def test_of_two_who_have_the_same_letter_one_is_bound(school: Rig) -> None:
    code = letter(school)
    assert begin(school, code, MOTHER) == 1
    mothers = school.code()
    assert begin(school, code, FATHER) == 1
    assert finish(school, FATHER, "dad") == {}
    assert school.ask("bind/finish", number=CHILD[0], phone=MOTHER, code=mothers, password=PASS) == "wrong"


def test_a_new_letter_kills_the_old_and_what_it_began(school: Rig) -> None:
    old = letter(school)
    assert begin(school, old) == 1
    letter(school)
    assert finish(school) == "wrong"
    assert begin(school, old) == 0


def test_a_letter_ends_and_is_of_one_holder(school: Rig) -> None:
    code = letter(school)
    assert begin(school, code, name="somebody else") == 0
    assert begin(school, NOBODY_S) == 0
    school.later(LETTER_MS // 1000 - 1)
    assert begin(school, code) == 1
    school.later(1)
    assert begin(school, code) == 0
    assert finish(school) == "wrong"


def test_birth_alone_opens_nothing_where_the_school_hands_out_letters(school: Rig, rig: Rig) -> None:
    assert school.ask("bind/begin", phone=PUPIL_PHONE, **WHO, born=CHILD[2]) == "letter-wanted"
    assert school.sms() == 0
    assert rig.ask("bind/way") == {"by": "birth"}
    assert rig.ask("bind/begin", phone=PUPIL_PHONE, **WHO, letter=letter(rig)) == "birth-wanted"


def test_a_mistyped_code_costs_no_try(school: Rig) -> None:
    code = letter(school)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    for _ in range(BIND.most + 1):
        assert school.ask("bind/begin", phone=PUPIL_PHONE, letter=wrong, **WHO) == "mistyped"
    assert begin(school, code) == 1


def test_every_refused_way_has_the_same_answer_work_and_pace(school: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    letter(school)
    asked: list[str] = []
    run = SqliteDatabase.run
    monkeypatch.setattr(SqliteDatabase, "run", lambda self, sql, *given: (asked.append(sql), run(self, sql, *given))[1])

    def work(operation: str, phone: str, **given: str) -> tuple[list[str], object]:
        asked.clear()
        said = school.answer(operation, phone=phone, **given)
        return list(asked), said

    for n in range(BIND.most + 2):
        here = work("bind/begin", f"131000000{n}", **WHO, letter=NOBODY_S)
        gone = work("bind/begin", f"132000000{n}", number="nobody", name="x", letter=NOBODY_S)
        assert here == gone
        assert here[0]
    code = {"code": "000000", "password": PASS}
    assert work("bind/finish", "13100000000", number=CHILD[0], **code) == work(
        "bind/finish", "13200000000", number="nobody", **code
    )
    assert school.sms() == 0


def test_the_setting_is_read_and_a_wrong_one_makes_nothing_easier(tmp_path: Path) -> None:
    assert read_wallet(tmp_path) == (Binding.BIRTH, "")
    (tmp_path / FILE).write_text('binding = "letter"\naddress = "https://wallet.school.cn:8446/"\n')
    assert read_wallet(tmp_path) == (Binding.LETTER, "https://wallet.school.cn:8446")
    addresses = [f'address = "{one}"' for one in ("http://a", "https://", "https://a/b", "https://u@a", "https://[")]
    for wrong in ('binding = "none"', "binding = 3", "rubbish", 'other = "letter"', *addresses):
        (tmp_path / FILE).write_text(wrong)
        with pytest.raises(ConfigFault):
            read_wallet(tmp_path)


def command(campus: Campus, *words: str) -> int:
    _, act, options = support_verbs()["people"]
    parser = Parser()
    parser.add_argument("--data", type=Path)
    for add in options:
        add(parser)
    done: int = act(parser.parse_args(["--data", str(campus.data), "letters", *words]))
    return done


def test_a_class_gets_its_letters_in_a_file_of_its_owners(
    campus: Campus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = open_people(campus.data)
    with people.writing():
        holders = [Holder(*CHILD, "Class 1", ""), Holder("2026009", "<b>=1", "", "Class 1", "")]
        take_roster(people, [*holders, Holder("2026010", "Other", "", "Class 2", "")], [])
    out, sheet = tmp_path / "class1.html", tmp_path / "class1.csv"
    assert command(campus, "--class", "Class 1", "--out", str(out), "--address", "https://wallet.school.cn") == 0
    told = capsys.readouterr().out
    with people.reading():
        first = letter_of(people, CHILD[0], 0)
    assert len(first) == 32
    assert (out.stat().st_mode & 0o777, out.read_text().count("<section>")) == (0o600, 2)
    assert "<b>" not in out.read_text()
    assert FILE in told, "birth still counts there"
    assert "https://wallet.school.cn" in told
    with pytest.raises(ConfigFault):
        command(campus, "--class", "Class 1", "--out", str(out))
    (campus.data / FOLDER / FILE).write_text('binding = "letter"\naddress = "https://pay.school.cn"\n')
    assert command(campus, "--class", "Class 1", "--out", str(sheet)) == 0
    assert "https://pay.school.cn" in sheet.read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(sheet.read_text("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == [CHILD[0], "2026009"]
    told = capsys.readouterr().out
    assert FILE not in told
    assert rows[1][3] not in told
    with people.reading():
        assert letter_of(people, CHILD[0], 0) != first, "the new letter has killed the old"
        assert not letter_of(people, "2026010", 0)
    with pytest.raises(ConfigFault):
        command(campus, "--number", "nobody", "--out", str(tmp_path / "x.csv"))
    people.close()
