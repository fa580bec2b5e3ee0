"""What people say at the command line: persons, alarms, the policy, a trial; and what they are refused."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.process.settings import FOLDER
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.notify.calling import Time
from cloud.watch.store import open_watch
from cloud.watch.turn import Turns
from tests.cloud.campus import Campus
from tests.cloud.watch.alarms.test_rule_file import FILE as RULES_FILE
from tests.cloud.watch.notify.test_policy_file import FILE, PLACES

BOX = "box:canteen-1"
Say = Callable[..., tuple[int, str]]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def say(provisioned: Campus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """A command over a campus with one alarm: its exit code, and all that it said."""
    campus = provisioned.copy_to(tmp_path / "data")
    with closing(open_watch(campus.data / FOLDER)) as store:
        signal = Signal("box-silent", Source(Kind.BOX, "canteen-1"), 1000, 99)
        Turns(store, RULES).take([], [signal], Time(1000, 0), is_meal=False)

    def run(*words: str) -> tuple[int, str]:
        code = main([words[0], "--data", str(campus.data), *words[1:]])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def test_a_known_person_answers_and_nobody_else(say: Say) -> None:
    code, told = say("alarms", "ack", "box-silent", BOX, "--who", "王芳")
    assert (code, "没有登记此人" in told) == (2, True)
    assert say("person", "add", "王芳", "--mail", "w@school.edu.cn")[0] == 0
    code, told = say("alarms", "ack", "box-silent", BOX, "--who", "王芳", "--note", "去看")
    assert (code, "已确认" in told) == (0, True)
    assert "王芳：去看" in say("alarms", "show", "box-silent", BOX)[1]


def test_the_list_is_for_people_and_for_programs(say: Say) -> None:
    assert "网关失联" in say("alarms")[1]
    (alarm,) = json.loads(say("alarms", "--json")[1])["alarms"]
    assert (alarm["alarm"], alarm["source"], alarm["state"]) == ("box-silent", BOX, "unacknowledged")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("ack", "nothing", BOX, "--who", "王芳"), 1, "没有这条报警"),
        (("ack", "box-silent", "what:is", "--who", "王芳"), 2, "不是报警来源"),
        (("ack", "box-silent", BOX), 2, "--who"),
        (("shelve", "box-silent", BOX, "--who", "王芳", "--note", "x"), 2, "--for"),
        (("shelve", "box-silent", BOX, "--who", "王芳", "--note", "x", "--for", "9d"), 1, "至多 7 天"),
        (("stop", "box-silent", BOX, "--who", "王芳", "--note", " "), 1, "缘由"),
        (("assign", "box-silent", BOX, "--who", "王芳", "--to", "谁"), 2, "没有登记此人"),
        (("show", "nothing", BOX), 2, "从未有过"),
        (("drill",), 2, "值守没有运行"),
    ],
)
def test_what_cannot_be_is_said(say: Say, words: tuple[str, ...], code: int, said: str) -> None:
    say("person", "add", "王芳")
    found, told = say("alarms", *words)
    assert (found, said in told) == (code, True), told
    assert "unacknowledged" in say("alarms", "--json")[1], "nothing has changed"


def test_a_policy_is_checked_pushed_and_taken_back(say: Say, tmp_path: Path) -> None:
    file, wrong = tmp_path / "p.toml", tmp_path / "w.toml"
    file.write_text(FILE, encoding="utf-8")
    wrong.write_text(FILE.replace("主任", "没有"), encoding="utf-8")
    for name in ("王芳", "李明", "主任"):
        say("person", "add", name, "--mail", "w@school.edu.cn")
    assert say("notify", "check", str(file))[0] == 0
    assert say("notify", "push", str(file), "--who", "王芳")[0] == 0
    code, told = say("notify", "push", str(wrong), "--who", "王芳")
    assert (code, "第 25 行" in told) == (2, True)
    file.write_text(FILE.replace("15m", "20m"), encoding="utf-8")
    assert "第 2 次" in say("notify", "push", str(file), "--who", "李明", "--reason", "慢些")[1]
    assert "第 3 次" in say("notify", "rollback", "1", "--who", "李明")[1]
    assert say("notify", "rollback", "9", "--who", "李明")[0] == 2
    assert [line.split("  ")[0] for line in say("notify", "history")[1].splitlines()] == ["3", "2", "1"]


def test_a_trial_is_queued_for_who_has_an_address(say: Say) -> None:
    say("person", "add", "王芳", "--mail", "w@school.edu.cn")
    assert say("notify", "test", "王芳", "--who", "王芳")[0] == 0
    code, told = say("notify", "test", "王芳", "--by", "sms", "--who", "王芳")
    assert (code, "没有短信地址" in told) == (2, True)
    (message,) = json.loads(say("notify", "--json")[1])["messages"]
    assert (message["person"], message["state"], message["why"]) == ("王芳", "waiting", "test")


def test_operators_rules_are_tried_pushed_and_count_at_the_next_turn(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text(RULES_FILE, encoding="utf-8")
    say("person", "add", "王芳")
    assert say("rules", "check", str(file))[0] == 0
    code, told = say("rules", "try", str(file), "--last", "1h")
    assert (code, "会触发 0 次" in told) == (0, True)
    assert say("rules", "diff", str(file))[0] == 1
    assert say("rules", "push", str(file), "--who", "王芳")[0] == 0
    assert say("rules", "diff", str(file)) == (0, "● 相同\n")
    assert "outbox-slow" in say("rules")[1]
    assert "memory" not in [one["rule"] for one in json.loads(say("rules", "--json")[1])["rules"]]
    file.write_text(RULES_FILE.replace("box-unsettled", "box-mood"), encoding="utf-8")
    code, told = say("rules", "push", str(file), "--who", "王芳")
    assert (code, "第 6 行" in told) == (2, True)


def test_a_webhook_is_tried_by_its_name_and_has_no_mail(say: Say) -> None:
    say("person", "add", "王芳")
    assert say("notify", "test", "hook:ops", "--by", "webhook", "--who", "王芳")[0] == 0
    assert say("notify", "test", "hook:ops", "--who", "王芳")[0] == 2
    assert say("notify", "test", "chat:duty", "--by", "webhook", "--who", "王芳")[0] == 2
    (message,) = json.loads(say("notify", "--json")[1])["messages"]
    assert (message["person"], message["channel"], message["why"]) == ("hook:ops", "webhook", "test")
    assert "hook:ops" in say("notify")[1]


def test_without_a_watch_nothing_is_said_to_be_well(say: Say) -> None:
    """It last looked long ago: what stood then is shown as of then."""
    told = say("alarms")[1]
    assert told.startswith("○ 未知：值守没有运行，以下是 2000-01-01")
    assert json.loads(say("alarms", "--json")[1])["stale"] is True


def test_a_watch_that_never_ran_knows_of_no_calm(provisioned: Campus, tmp_path: Path, capsys: Capture) -> None:
    campus = provisioned.copy_to(tmp_path / "quiet")
    assert main(["alarms", "--data", str(campus.data)]) == 0
    assert capsys.readouterr().out == "○ 未知：值守从未运行过\n"


def test_a_watch_that_looks_may_say_that_all_is_calm(provisioned: Campus, tmp_path: Path, capsys: Capture) -> None:
    campus = provisioned.copy_to(tmp_path / "calm")
    with closing(open_watch(campus.data / FOLDER)) as store:
        Turns(store, RULES).take([], [], Time(int(time.time() * 1000), 0), is_meal=False)
    assert main(["alarms", "--data", str(campus.data)]) == 0
    assert capsys.readouterr().out == "● 没有报警\n"


def test_a_rule_of_meals_is_taken_and_tried(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "meals.toml"
    file.write_text(RULES_FILE.replace('during = "always"', 'during = "meals"'), encoding="utf-8")
    assert say("rules", "check", str(file))[0] == 0
    code, told = say("rules", "try", str(file), "--last", "1h")
    assert (code, "会触发 0 次" in told) == (0, True)


def test_a_person_has_a_role_or_none(say: Say) -> None:
    assert say("person", "add", "李明", "--role", "finance")[0] == 0
    assert "财务" in say("person")[1]
    assert json.loads(say("person", "--json")[1])["persons"][0]["role"] == "finance"


def test_a_route_to_a_hook_that_nobody_has_named_is_refused(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(PLACES, encoding="utf-8")
    say("person", "add", "王芳")
    code, told = say("notify", "push", str(file), "--who", "王芳")
    assert (code, "第 5 行" in told, "hook:ops" in told) == (2, True, True)
    assert "还没有推送过" in say("notify", "history")[1]


def test_a_way_that_a_route_takes_and_nobody_has_named_is_said(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(FILE, encoding="utf-8")
    for name in ("王芳", "李明", "主任"):
        say("person", "add", name)
    code, told = say("notify", "check", str(file))
    assert (code, "channels.toml 里没有短信" in told) == (0, True)


def test_a_person_gets_another_language_and_keeps_the_rest(say: Say) -> None:
    say("person", "add", "王芳", "--phone", "13800138000", "--mail", "w@school.edu.cn")
    assert say("person", "change", "王芳", "--english", "--phone", "13900139000")[0] == 0
    (one,) = json.loads(say("person", "--json")[1])["persons"]
    assert (one["phone"], one["mail"], one["language"]) == ("13900139000", "w@school.edu.cn", "en")
    assert say("person", "change", "谁", "--english")[0] == 2
    assert say("notify", "test", "王芳", "--who", "王芳")[0] == 0
    (message,) = json.loads(say("notify", "--json")[1])["messages"]
    assert "test" in message["subject"]
