"""`./ykt scene`: what a step expected and saw, a plain verdict each, and an exit code that is 0 only when all hold."""

import json
import tempfile
from pathlib import Path

import pytest

from shared.words.voice import Language, Text, speak
from tests.scenes import __main__ as verb
from tests.scenes.registry import FOLDER, scenes
from tests.scenes.scene import Scene, Stage

GOOD, BAD, BARE, FAR = "good", "bad", "bare", "far"


def _scene(slug: str, play) -> tuple[str, Scene]:
    return slug, Scene(slug, Text(f"{slug} 场景", f"the {slug} one"), Text("一句话", "one sentence"), play)


async def _holds(stage: Stage) -> None:
    with stage.step(Text("量一量", "it is measured"), Text("≤ 2 秒", "≤ 2 s")) as step:
        stage.at_most(step, 1.25, 2.0)


async def _does_not(stage: Stage) -> None:
    with stage.step(Text("量一量", "it is measured"), Text("≤ 2 秒", "≤ 2 s")) as step:
        stage.at_most(step, 2.5, 2.0)
    raise AssertionError("nothing is played behind it")


async def _breaks_between_steps(_: Stage) -> None:
    raise RuntimeError("no broker\nand more of it")


async def _is_not_for_here(stage: Stage) -> None:
    stage.needs(there=False, why=Text("没有总线", "no bus here"))


THERE = dict(
    (_scene(GOOD, _holds), _scene(BAD, _does_not), _scene(BARE, _breaks_between_steps), _scene(FAR, _is_not_for_here))
)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a failed scene leaves goes with the test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize(
    ("names", "code"),
    [((GOOD,), 0), ((GOOD, BAD), 1), ((GOOD, FAR), 2), ((FAR, BAD), 1), ((BARE,), 1), (("--all",), 1)],
)
def test_only_what_was_played_and_holds_is_green(names: tuple[str, ...], code: int, capsys) -> None:
    assert verb.main([*names], THERE) == code
    assert ("全部成功" in capsys.readouterr().out) is (code == 0)


def test_each_step_says_what_was_expected_and_what_was_seen(capsys) -> None:
    verb.main([GOOD, BAD, BARE, FAR], THERE)
    said = capsys.readouterr().out
    assert "[成功] 量一量：应 ≤ 2 秒；见 1.25 秒（0.0 秒）" in said
    assert "[失败] 量一量：应 ≤ 2 秒；见 2.50 秒 > 2 s（0.0 秒）" in said
    assert "失败 bare 0.0 s: no broker\n" in said
    assert "未演出 far 0.0 s: 没有总线\n" in said
    assert "场景 4：成功 1，失败 2，未演出 1" in said
    kept = said.partition("留下: ")[2].partition("\n")[0]
    assert kept, "what a failed scene leaves is named"


def test_the_report_is_one_line_in_both_languages(capsys) -> None:
    assert verb.main([GOOD, FAR, "--json"], THERE) == 2
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], [one["verdict"] for one in said["scenes"]]) == (False, ["passed", "skipped"])
    (step,) = said["scenes"][0]["steps"]
    assert (step["seen"], step["verdict"]) == ({"zh": "1.25 秒", "en": "1.25 s"}, "passed")
    assert said["scenes"][1]["why"]["en"] == "no bus here"


def test_a_name_that_is_none_is_wrong_use(capsys) -> None:
    with pytest.raises(SystemExit) as end:
        verb.main(["nothing"], THERE)
    assert end.value.code == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("language", list(Language))
def test_the_list_has_every_file_and_fits_a_terminal(language: Language, capsys) -> None:
    speak(language)
    assert verb.main(["--list"]) == 0
    said = capsys.readouterr().out
    assert len(scenes()) == len(list(FOLDER.glob("test_*.py")))
    assert all(f"{slug} " in said for slug in scenes())
    assert max(map(len, said.splitlines())) <= 140
