"""A stall's keeper sees his own stall alone: takings, what is unsent, sums by day; and the school's commands."""

import argparse
from contextlib import closing

import pytest

from cloud.payments.disputes.rows import WAYS, DisputeRefused, add_dispute, answer, answered, open_disputes
from cloud.store.db import open_database
from cloud.verbs import support
from cloud.wallet.back import by_school
from cloud.wallet.back.opening import open_people
from cloud.wallet.people.persons import add_person
from cloud.wallet.people.records.stalls import bind_stall, end_stall
from cloud.wallet.people.schema import make_tables
from shared.errors import ConfigFault
from tests.cloud.campus import Campus
from tests.cloud.wallet.rig import CHILD, Rig


def keeper(rig: Rig, merchant: str) -> int:
    with rig.site.people.writing():
        person = add_person(rig.site.people, "13000000009", "Zhou", "", 0)
        bind_stall(rig.site.people, person.id, merchant, "王芳", 0)
    rig.signed("keeper", person.id)
    return person.id


def merchants(rig: Rig) -> list[str]:
    with rig.site.ledger.database.reading():
        rows = rig.site.ledger.database.run("SELECT DISTINCT merchant FROM device WHERE merchant <> '' ORDER BY 1")
    return [name for (name,) in rows]


def test_a_keeper_sees_his_stall_and_nothing_else_until_it_is_taken_back(rig: Rig) -> None:
    mine, *others = merchants(rig)
    person = keeper(rig, mine)
    assert rig.ask("me", "keeper")["stalls"] == [mine]
    seen = rig.ask("stall", "keeper")
    assert seen["merchant"] == mine
    assert seen["unsent"]
    assert not any(one["known"] for one in seen["unsent"])  # nobody has heard them: not nought, unknown
    assert {other: rig.ask("stall", "keeper", merchant=other) for other in others} == dict.fromkeys(others, "not-yours")
    assert rig.ask("stall/statement", "keeper")["merchant"] == mine
    for name in ("stall", "stall/statement"):
        assert rig.ask(name, "mother") == "not-yours"
    for name in ("home", "statement", "messages"):
        assert rig.ask(name, "keeper", holder=CHILD[0]) == "not-yours"
    with rig.site.people.writing():
        assert end_stall(rig.site.people, person, mine, "王芳", 1)
    assert rig.ask("stall", "keeper") == "not-yours"


def said(campus: Campus, **given: object) -> argparse.Namespace:
    base = dict.fromkeys(("phone", "merchant", "who", "name", "dispute", "word", "dsn"), None)
    return argparse.Namespace(**base | {"data": campus.data, "end": False, "way": "none"} | given)


def test_the_school_binds_and_takes_back_by_command(campus: Campus, capsys: pytest.CaptureFixture[str]) -> None:
    mine = next(row.merchant for row in campus.inventory.devices if row.merchant)
    bound = said(campus, phone="13000000009", merchant=mine, who="王芳", name="周")
    with pytest.raises(ConfigFault):
        by_school.stall(said(campus, phone="13000000009", merchant="nobody's", who="王芳"))
    for _ in range(2):
        assert by_school.stall(bound) == 0
    by_school.stall(said(campus))
    assert capsys.readouterr().out.count("13000000009") == 1
    ended = said(campus, phone="13000000009", merchant=mine, who="王芳", end=True)
    assert by_school.stall(ended) == 0
    with pytest.raises(ConfigFault):
        by_school.stall(ended)


def test_an_answer_names_the_way_and_is_given_once(campus: Campus) -> None:
    with closing(open_people(campus.data)) as people, people.writing():
        add_dispute(people, b"k", CHILD[0], 1, 7, "not me", 5)
    assert by_school.answered(said(campus, dispute=1, word="已退", who="王芳", way="refund")) == 0
    with closing(open_people(campus.data)) as people, people.writing():
        assert open_disputes(people) == []
        assert [(one.way, one.word, one.who) for one in answered(people, CHILD[0])] == [("refund", "已退", "王芳")]
        with pytest.raises(DisputeRefused):
            answer(people, 1, "none", "其实没有", "李明", 9)
        answer(people, 1, "refund", "已退", "李明", 9)
    assert tuple(WAYS) == support.WAYS


def test_no_answer_without_a_word_a_way_and_a_name() -> None:
    with closing(open_database(":memory:")) as people:
        make_tables(people)
        for given in ((1, "refund", "", "w"), (1, "elsewhere", "x", "w"), (1, "none", "x", ""), (2, "none", "x", "w")):
            with pytest.raises(DisputeRefused), people.writing():
                answer(people, *given, 9)
