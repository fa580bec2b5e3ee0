"""The school's roster: taken whole or not at all; who is left out stays known; a link for who stands at the desk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.__main__ import main
from cloud.process.settings import load_settings
from cloud.wallet.back.opening import open_people
from cloud.wallet.people.persons import children_of
from cloud.wallet.people.roster import take_roster
from cloud.wallet.people.roster_file import HEAD, read_roster
from cloud.wallet.people.sessions import use_link
from shared.errors import ConfigFault

TOP = ",".join(HEAD) + "\n"
GOOD = TOP + "2026001,Lin Yi,2014-05-01,1A,0001,Lin Fu 13000000002;Lin Mu 13000000001\n2026002,Lin Er,,1A,,\n"


def test_a_roster_is_read():
    holders, guardians = read_roster(GOOD)
    assert [one.number for one in holders] == ["2026001", "2026002"]
    assert [(one.name, one.phone) for one in guardians] == [("Lin Fu", "13000000002"), ("Lin Mu", "13000000001")]


@pytest.mark.parametrize(
    "raw",
    ["", "x\n", TOP + "1\n", TOP + "1,a,2014-13-01,,,\n", TOP + "1,a,2014-1-1,,,\n", TOP + "1,a,,,,x\n",
     TOP + ",a,,,,\n", TOP + "1,a,,,,\n1,b,,,,\n", TOP + "1,a,,,,,\n", TOP + f"1,{'a' * 65},,,,\n", TOP + '1,"a\n'],
)  # fmt: skip
def test_a_wrong_line_is_named_and_nothing_is_taken(raw):
    with pytest.raises(ConfigFault):
        read_roster(raw)


@given(st.text(max_size=200))
def test_no_text_breaks_it(raw):
    for start in ("", TOP):
        try:
            read_roster(start + raw)
        except ConfigFault:
            continue


def test_it_is_taken_by_command_and_a_link_signs_its_guardian_in(campus, tmp_path, capsys):
    (tmp_path / "roster.csv").write_text(GOOD, encoding="utf-8")
    assert main(["people", "import", "--data", str(campus.data), "--file", str(tmp_path / "roster.csv")]) == 0
    assert main(["people", "link", "--data", str(campus.data), "--phone", "13000000001"]) == 0
    token = capsys.readouterr().out.split("#link=")[1].strip()
    people = open_people(load_settings(campus.data).data)
    with people.writing():
        person = use_link(people, token, 0)
        assert children_of(people, person) == ["2026001"]
    people.close()
    assert main(["people", "link", "--data", str(campus.data), "--number", "nobody"]) == 2


def test_a_guardian_who_left_the_roster_sees_nobody_from_the_next_call_on(rig):
    assert len(rig.ask("me", "mother")["holders"]) == 2
    holders, guardians = read_roster(GOOD.replace(";Lin Mu 13000000001", ""))
    with rig.site.people.writing():
        take_roster(rig.site.people, holders, guardians)
    assert rig.ask("me", "mother")["holders"] == []
    assert rig.ask("home", "mother", holder="2026001") == "not-yours"
    assert [one["number"] for one in rig.ask("me", "father")["holders"]] == ["2026001"]
