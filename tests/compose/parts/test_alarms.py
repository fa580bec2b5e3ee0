"""Alarms in the launcher's lines: counted by grade, the worst one in words, and unknown where nobody looks."""

import json

import pytest

from compose.parts import watch as parts_watch
from compose.parts.alarms import Alarms, alarm_words, last_words
from compose.parts.watch import ALARMS, Watch
from shared.words.columns import taken
from shared.words.screen import WIDTH
from shared.words.voice import Language, speak

WORST = {"zh": "网关失联 第一食堂", "en": "box is not heard 第一食堂"}
TWO = {"grades": {"urgent": 1, "important": 2}, "unseen": 2, "returned": 0, "worst": WORST, "drill": False}
CALM = {**TWO, "grades": {}, "worst": {"zh": "", "en": ""}}


def heard(said: dict[str, object]) -> Watch:
    watch = Watch()
    watch.hear(ALARMS, "STATUS " + json.dumps({"alarms": said}))
    return watch


@pytest.mark.parametrize(
    ("said", "zh", "en"),
    [
        (TWO, "报警 紧急 1 重要 2：网关失联 第一食堂", "alarms: 1 urgent, 2 important: box is not heard 第一食堂"),
        (CALM, "无报警", "no alarm"),
        ({**CALM, "drill": True}, "无报警（演练中）", "no alarm (drill)"),
        (None, "报警未知", "alarms unknown"),
    ],
)
def test_the_live_line_says_how_many_and_the_worst(said: Alarms, zh: str, en: str) -> None:
    words = alarm_words(said)
    assert (words.zh, words.en) == (zh, en)


def test_the_last_lines_name_what_nobody_has_looked_at() -> None:
    (one,) = last_words({**CALM, "returned": 3})
    assert "已恢复未确认 3" in one.zh
    assert "./ykt cloud alarms" in one.zh
    assert [str(line) for line in last_words(CALM)] == ["报警：无"]
    assert [str(line) for line in last_words({**CALM, "drill": True})] == ["报警：无（演练中）"]
    assert "网关失联" in str(last_words(TWO)[1])
    assert "未知" in str(last_words(None)[0])


def test_nobody_looks_so_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Watch().alarms() is None, "it never spoke"
    assert heard({**CALM, "behind": True}).alarms() is None
    assert heard({}).alarms() is None, "it has not taken a turn"
    watch = heard({**CALM, "behind": False})
    assert watch.alarms() is not None
    watch.forget(ALARMS)
    assert watch.alarms() is None, "it began again"
    watch = heard({**CALM, "behind": False})
    monkeypatch.setattr(parts_watch, "ALARMS_FRESH_S", -1.0)
    assert watch.alarms() is None, "its word is old"
    assert "报警未知" in watch.live_line(0)


@pytest.mark.parametrize("language", list(Language))
def test_the_counts_stand_on_a_screen_of_eighty(language: Language) -> None:
    speak(language)
    watch = heard({**TWO, "behind": False})
    edge = {"unsettled": 120, "settled": 1_234_567, "oldest_unsettled_ms": 12_300}
    watch.hear("edge-b", "STATUS " + json.dumps(edge))
    line = watch.live_line(1)
    counts = "紧急 1 重要 2" if language is Language.ZH else "1 urgent"
    assert counts in line
    assert taken("… " + line[: line.index(counts) + len(counts)].strip()) <= WIDTH, line
