"""python -m cloud people enrol: one list of the school into both, told first, whole or not at all."""

from contextlib import closing
from pathlib import Path

from cloud.wallet.back.opening import open_people
from cloud.wallet.people.roster import classes_taught, here
from tests.cloud.commands.balance.test_meals import ADA, BEN, enrolled, meals, run

HEAD = "number,name,born,class,card,guardians,teacher\n"
__all__ = ["enrolled"]


def test_one_list_fills_both_and_is_told_first(enrolled: Path, tmp_path: Path, capsys) -> None:
    table = tmp_path / "people.csv"
    rows = f"{ADA},艾达,2014-05-01,三班,0001,艾父 13000000002,王老师 13000000009\n2024A0012,新生,2014-05-02,三班,,,\n"
    table.write_text(HEAD + rows, encoding="utf-8")
    code, said = run(capsys, enrolled, "people", "enrol", "--file", table)
    assert (code, "2 人、监护人 1、班主任 1：新增 1，离校 1，变更 1" in said) == (1, True)
    assert "1 人离校" in said
    code, said = run(capsys, enrolled, "people", "enrol", "--file", table, "--leavers")
    assert (code, said.splitlines()[-1]) == (0, "未作任何更改；写入用 --apply")
    assert meals(capsys, enrolled)["enrolled"] == 2
    for changed in (2, 0):  # the same again changes nothing
        words = ("people", "enrol", "--file", table, "--leavers", "--apply", "--who", "李")
        code, said = run(capsys, enrolled, *words)
        assert (code, f"在册 {changed} 人有变" in said) == (0, True), said
    assert f"- {BEN}" not in said
    with closing(open_people(enrolled)) as people, people.reading():
        assert [one.name for one in here(people)] == ["新生", "艾达"]
        assert classes_taught(people, "13000000009") == ["三班"]


def test_a_faulty_line_for_either_changes_neither(enrolled: Path, tmp_path: Path, capsys) -> None:
    table = tmp_path / "people.csv"
    table.write_text(f"{HEAD}{ADA},艾达,,三班,0001,,\n{BEN},本,,三班,,,\nstaff-1,教师,,,,,\n", encoding="utf-8")
    code, said = run(capsys, enrolled, "people", "enrol", "--file", table, "--apply", "--who", "李")
    assert (code, said.splitlines()[0]) == (1, "第 4 行 staff-1：学号应为 3 到 16 位数字，或至多 12 位数字和大写字母")
    with closing(open_people(enrolled)) as people, people.reading():
        assert here(people) == []
