"""Rules on a page: the list, and the school's file checked by line, tried on a week, compared, pushed, taken back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role
from cloud.watch.alarms.rule_file import RULES_MAX
from cloud.watch.pushes import RULESETS
from tests.cloud.console.pages.alarms import scene as s
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.watch.alarms.test_rule_file import FILE


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def in_force(rig: Rig) -> str:
    with rig.sources.watch() as store, store.db.reading():
        return RULESETS.in_force(store.db)


def plain(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)


def test_the_list_says_what_each_looks_at_and_how_often_it_came(rig: Rig) -> None:
    s.raised(rig, s.BOX)
    admin = rig.browser()
    page = plain(admin.see("/rules?find=box-silent"))
    assert "网关失联" in page
    assert "box-silent &gt;" in page
    assert ">1</a>" in admin.see("/rules?find=box-silent")
    his = rig.browser("李明", [Grant(Role.DUTY)])
    his.see("/rules/edit", 403)
    s.raised(rig, s.terminal(rig, "cash"))
    assert ">1</a>" in admin.see("/rules?find=cash")
    assert ">1</a>" not in his.see("/rules?find=cash"), "how many differences of cash there are is not for duty"


def test_a_file_is_shown_with_its_difference_and_its_trial_before_it_is_pushed(rig: Rig) -> None:
    admin = rig.browser()
    page = plain(admin.send("/rules/edit", 200, text=FILE))
    for part in ("● 有效", "+name = ", "用过去七天试算", "会触发 0 次", "推送生效"):
        assert part in page, part
    assert in_force(rig) == ""
    admin.send("/rules/push", text=FILE.replace("\n", "\r\n"), why="周一起")
    assert in_force(rig) == FILE
    listed = plain(admin.see("/rules?find=outbox-slow"))
    assert "学校自己的" in listed
    assert "admin" in listed
    assert "关闭" in plain(admin.see("/rules?rule_state=off"))
    (row,) = rig.sources.audit.rows(Question(act="rules_push"))
    assert (row.deed.object, row.deed.zh) == ("rules:1", "推送报警规则第 1 次 周一起")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("box-unsettled", "box-mood", "第 6 行"),
        ("format = 1", "format = 9", "只认识 1"),
        ("[[rule]]", "[[rule", "TOML"),
    ],
)
def test_a_wrong_one_is_named_by_its_line_and_changes_nothing(rig: Rig, before: str, after: str, said: str) -> None:
    admin = rig.browser()
    text = FILE.replace(before, after, 1)
    page = admin.send("/rules/edit", 400, text=text)
    assert said in page
    assert "推送生效" not in page
    assert said in admin.send("/rules/push", 503, text=text)
    assert in_force(rig) == ""


def test_what_is_wrong_is_said_in_the_language_of_the_page(rig: Rig) -> None:
    admin = rig.browser()
    admin.see("/language/en", 302)
    assert "no such signal" in admin.send("/rules/edit", 400, text=FILE.replace("box-unsettled", "box-mood"))


def test_an_earlier_one_is_pushed_again_under_a_number_of_its_own(rig: Rig) -> None:
    admin: Browser = rig.browser()
    admin.send("/rules/push", text=FILE)
    admin.send("/rules/push", text="format = 1\n")
    assert "outbox-slow" in admin.see("/rules/edit?number=1")
    admin.send("/rules/back", number="1")
    assert in_force(rig) == FILE
    assert "退回第 1 次" in admin.see("/rules/edit")
    admin.send("/rules/back", 503, number="9")
    admin.send("/rules/back", 400, number="x")
    admin.see("/rules/edit?number=99", 503)


def test_a_long_file_is_taken_and_one_that_is_too_long_is_not(rig: Rig) -> None:
    admin = rig.browser()
    long = FILE + "".join(f"# {n} " + "长" * 60 + "\n" for n in range(RULES_MAX))
    admin.send("/rules/push", text=long)
    assert in_force(rig) == long
    assert "超过" in admin.send("/rules/push", 503, text=f"{FILE}# {'a' * 262_144}\n")
