"""One language at a time: which one, and that a Text becomes it wherever it is shown."""

from contextvars import copy_context

import pytest

from shared.errors import ConfigFault
from shared.words.voice import INHERITED, Language, Text, speak, speak_here, spoken, told_by, wanted, without

CANTEEN = Text("食堂", "canteen")


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, Language.ZH),
        ([], {"LANG": "en_US.UTF-8"}, Language.EN),
        ([], {"LANG": "EN"}, Language.EN),
        ([], {"LANG": "zh_CN.UTF-8"}, Language.ZH),
        ([], {"LANG": "C.UTF-8"}, Language.ZH),
        ([], {"LANG": "eno_XX"}, Language.ZH),
        ([], {"LANG": "en_GB", "LC_ALL": "zh_CN"}, Language.ZH),
        ([], {"LANG": "zh_CN", "LC_MESSAGES": "en_GB", "LC_ALL": ""}, Language.EN),
        ([], {"LC_ALL": "zh_CN", INHERITED: "en"}, Language.EN),
        (["verify", "--lang", "en"], {"LANG": "zh_CN"}, Language.EN),
        (["--lang=zh", "verify"], {"LANG": "en_US"}, Language.ZH),
        (["--lang"], {"LANG": "en_US"}, Language.ZH),
        (["--lang", "fr"], {"LANG": "en_US"}, Language.ZH),
    ],
)
def test_language_is_asked_for_or_the_terminals_and_chinese_when_in_doubt(arguments, environment, language):
    assert wanted(arguments, environment) is language


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--lang", "en", "up", "--for", "9s"], ["up", "--for", "9s"]),
        (["up", "--lang=zh"], ["up"]),
        (["up", "--lang", "fr"], ["up", "--lang", "fr"]),
        (["up", "--lang"], ["up", "--lang"]),
        (["test", "--", "en"], ["test", "--", "en"]),
    ],
)
def test_launcher_takes_the_language_out_wherever_it_stands(arguments, left):
    assert without(arguments) == left


@pytest.mark.parametrize(("language", "said"), [(Language.ZH, "食堂"), (Language.EN, "canteen")])
def test_a_text_is_said_in_the_language_that_is_spoken_when_it_is_shown(language, said):
    fault = ConfigFault(Text(f"{CANTEEN.zh}已关", f"{CANTEEN.en} closed"))
    speak(language)
    assert str(CANTEEN) == f"{CANTEEN}" == said
    assert f"{CANTEEN:>8}" == said.rjust(8)
    assert str(fault).startswith(said)
    assert (CANTEEN.in_language(Language.ZH), CANTEEN.in_language(Language.EN)) == ("食堂", "canteen")


def test_one_context_speaks_its_own_language_and_the_others_that_of_the_process():
    speak(Language.ZH)
    here = copy_context()
    here.run(speak_here, Language.EN)
    assert (here.run(str, CANTEEN), here.run(spoken)) == ("canteen", Language.EN)
    assert (str(CANTEEN), spoken()) == ("食堂", Language.ZH)
    here.run(speak_here, None)
    assert here.run(str, CANTEEN) == "食堂"


def test_what_a_fault_says_is_in_both_languages():
    assert told_by(ConfigFault(CANTEEN)) is CANTEEN
    assert told_by(ConfigFault("line 3"), CANTEEN) is CANTEEN
    assert told_by(ConfigFault("line 3")) == Text("line 3", "line 3")
    assert told_by(OSError(28, "No space left")) == Text("[Errno 28] No space left", "[Errno 28] No space left")
    assert told_by(ConfigFault()) == Text("", "")
