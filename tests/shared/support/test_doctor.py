"""The runner of `doctor`: whatever a check does, there is an answer, in time; nobody knows is never good."""

import json
import threading
import time

import pytest

from shared.errors import ConfigFault, StoreFault
from shared.support.checks import Answer, Check, State, as_json, bad, care, exit_code, good, unknown
from shared.support.doctor import ANSWERS_MAX, examine, say
from shared.words.voice import Language, Text, speak
from tests.patience import PATIENCE_S

ASKS = Text("好吗？", "is it well?")
DO = Text("这样做", "do this")


def check(ask, name="one"):
    return Check(name, ASKS, ask)


def answer(ask, bound_s=5.0) -> Answer:
    (result,) = examine([check(ask)], bound_s)
    return result.answer


def raises(fault):
    def ask():
        raise fault

    return ask


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ConfigFault(Text("缺少", "is missing")), "cannot be told: is missing"),
        (StoreFault(Text("密 password=geheim", "no password=geheim")), "cannot be told: no password=…"),
        (ValueError("quotes 0123456789abcdef, a key"), "cannot be told: ValueError"),
        (FileNotFoundError(2, "No such file or directory", "/a/b"), "cannot be told: /a/b: no such file or directory"),
        (SystemExit(3), "cannot be told: SystemExit"),
        (KeyboardInterrupt(), "cannot be told: KeyboardInterrupt"),
        (RecursionError(), "cannot be told: RecursionError"),
    ],
)
def test_a_check_that_stumbles_is_an_answer(fault: BaseException, said: str) -> None:
    found = answer(raises(fault))
    assert (found.state, found.said.en) == (State.UNKNOWN, said)
    assert found.fix is not None


def test_what_was_said_before_a_check_stumbled_counts() -> None:
    def ask():
        yield bad(ASKS, DO)
        raise ValueError

    assert [one.answer.state for one in examine([check(ask)])] == [State.BAD, State.UNKNOWN]


def test_one_that_hangs_keeps_nobody_waiting() -> None:
    forever = threading.Event()

    def hangs():
        forever.wait()
        return ()

    began_s = time.monotonic()
    late, fine = examine([check(hangs), check(lambda: [good(Text("好", "well"))], "two")], 1.0)
    assert time.monotonic() - began_s < PATIENCE_S
    assert (late.answer.state, fine.answer.state) == (State.UNKNOWN, State.GOOD)
    forever.set()


def test_nothing_to_look_at_is_not_known() -> None:
    assert answer(lambda: ()).state is State.UNKNOWN


def test_too_many_answers_are_bounded_and_the_worst_is_not_lost() -> None:
    many = [good(Text("好", "well"), str(n)) for n in range(ANSWERS_MAX)]
    found = examine([check(lambda: [*many, bad(ASKS, DO), good(Text("好", "well"))])])
    assert len(found) == ANSWERS_MAX + 1
    assert found[-1].answer.state is State.BAD
    assert found[-1].answer.said.en == "and 2 more"


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([State.GOOD, State.CARE], 0),
        ([State.GOOD, State.UNKNOWN], 2),
        ([State.UNKNOWN, State.BAD], 1),
        ([], 2),
    ],
)
def test_exit_code(states: list[State], code: int) -> None:
    assert exit_code(states) == code


def test_for_programs_it_is_english_with_stable_keys(capsys: pytest.CaptureFixture[str]) -> None:
    results = examine([check(lambda: [bad(Text("坏", "bad"), DO, "box-1")], "outbox")])
    speak(Language.ZH)
    assert say("edge", results, is_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads(json.dumps(as_json("edge", results)))
    assert (found["schema"], found["format"], found["part"], found["ok"], found["exit"]) == (
        "openykt.doctor", 1, "edge", False, 1,
    )  # fmt: skip
    (row,) = found["checks"]
    assert row.pop("ms") >= 0
    assert row == {
        "id": "outbox", "about": "box-1", "state": "bad", "asks": "is it well?", "said": "bad", "fix": "do this",
        "more": "docs/support.md",
    }  # fmt: skip


def test_what_is_not_well_is_said_with_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        check(lambda: [good(Text("好", "well"))]),
        check(lambda: [care(Text("小心", "mind"), DO), unknown(ASKS)], "two"),
    ]
    speak(Language.EN)
    try:
        assert say("edge", examine(asked), is_json=False) == 2
    finally:
        speak(Language.ZH)
    said = capsys.readouterr().out
    assert "to do  do this" in said
    assert "docs/support.md#two" in said
    assert "3 answers: 1 good, 1 to be seen to, 0 wrong, 1 not known" in said
