"""What an operator reads: within a screen's width, figures with their units, and how to answer."""

import json

import pytest

from cloud.watch import words
from cloud.watch.alarms import states
from cloud.watch.alarms.drill import KEY
from cloud.watch.alarms.drill import RULE as DRILL_RULE
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.signals import reading
from cloud.watch.alarms.states import Alarm
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Key
from cloud.watch.notify.event import event
from cloud.watch.notify.terms import Why
from cloud.watch.notify.words import Told, said
from cloud.watch.words import Shown
from shared.facts.told import Level
from shared.words.columns import taken
from shared.words.screen import WIDTH
from shared.words.voice import Language, speak

BY_NAME = {rule.name: rule for rule in RULES}
BOX = Source(Kind.BOX, "canteen-1")
NOW_MS = 1_795_843_000_000


def alarm(grade: Level = Level.IMPORTANT) -> Alarm:
    return Alarm(grade, is_active=True, is_acked=False, since_ms=NOW_MS - 90_000, last_ms=NOW_MS, count=3)


def shown(name: str, value: int, grade: Level = Level.IMPORTANT) -> Shown:
    return Shown(name, BOX, alarm(grade), BY_NAME[name], "", (("value", value),))


def calls(_source: Source) -> str:
    return "第一食堂与第二食堂之间的配电间"


@pytest.mark.parametrize(
    ("rule", "value", "zh", "en"),
    [
        ("box-silent", 95, "1 分 35 秒", "1 min 35 s"),
        ("disk", 4, "4%", "4%"),
        ("trial-balance", 1250, "¥12.50", "¥12.50"),
        ("certificate", 6, "6 天", "6 days"),
        ("differences", 2, "2", "2"),
        ("service-down", 1, "", ""),
    ],
)
def test_a_figure_has_its_unit_and_a_yes_is_none(rule: str, value: int, zh: str, en: str) -> None:
    read = reading(BY_NAME[rule], (("value", value),))
    assert ((read.zh, read.en) if read else ("", "")) == (zh, en)


@pytest.mark.parametrize("language", list(Language))
def test_a_line_stays_within_the_screen_and_loses_nothing(language: Language) -> None:
    speak(language)
    line = words.alarm_line(shown("box-silent", 30), calls, NOW_MS, under=60)
    assert all(taken(part) <= WIDTH for part in line.splitlines()), line
    for wanted in ("[box-silent box:canteen-1]", "60", "×3", "配电间", "30 "):
        assert wanted in line


def test_how_to_answer_is_said_with_a_note_where_one_is_wanted() -> None:
    assert str(words.hint_line(shown("box-silent", 30))).endswith("ack box-silent box:canteen-1 --who 姓名")
    assert "--note" in str(words.hint_line(shown("box-silent", 30, Level.URGENT)))


def test_a_mail_says_how_to_answer_and_what_is_over_wants_nothing() -> None:
    told = Told(Key("box-silent", BOX), alarm(), BY_NAME["box-silent"], "", (("value", 95),))
    call = said(Why.CALL, [told], calls, "演示校园", Language.ZH)
    assert "确认：./ykt cloud alarms ack box-silent box:canteen-1" in call.text
    assert "1 分 35 秒" in call.text
    over = told._replace(alarm=states.returned(alarm(), NOW_MS)[0])
    text = said(Why.RETURNED, [over], calls, "演示校园", Language.ZH).text
    assert "处置" not in text
    assert "确认：" not in text


def test_a_drill_says_so_first_and_a_mixed_message_does_not() -> None:
    drill = Told(KEY, alarm(), DRILL_RULE)
    real = Told(Key("box-silent", BOX), alarm(), BY_NAME["box-silent"])
    one = said(Why.CALL, [drill], calls, "演示校园", Language.ZH, "123456")
    assert one.subject.startswith("【演练】")
    assert one.sms.startswith("【演练】")
    assert len(one.sms) <= 70
    assert said(Why.CALL, [drill], calls, "demo", Language.EN).subject.startswith("DRILL")
    told = json.loads(event(Why.CALL, [drill, real], calls, "演示校园"))["alarms"]
    assert [row["drill"] for row in told] == [True, False]
    both = said(Why.CALL, [drill, real], calls, "演示校园", Language.ZH)
    assert not both.subject.startswith("【演练】")
    assert "演练" in both.text
