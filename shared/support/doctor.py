"""The runner of `doctor`: every check on a thread of its own, each within one bound, whatever it does.

A check that raises, or has not answered within CHECK_S, is answered for: nobody knows, beside what it had answered
before it raised. Its thread is a daemon and is left alone. So a doctor never ends of an illness that it looks for, and
is over within little more than CHECK_S.
"""

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from shared.errors import YktError
from shared.support.checks import Answer, Check, Result, State, as_json, exit_code, unknown, worst
from shared.support.cleaning import cleaned
from shared.words.columns import left
from shared.words.refused import why_not
from shared.words.screen import Ink, Inks
from shared.words.voice import Text

CHECK_S = 5.0
"""All checks are asked at once, and this is waited for."""
ANSWERS_MAX = 64
"""Of one check; it says how many more there are."""
ID_WIDTH = 18
_MARKS = {
    State.GOOD: (Ink.GOOD, "✓"),
    State.CARE: (Ink.CARE, "!"),
    State.BAD: (Ink.BAD, "✗"),
    State.UNKNOWN: (Ink.CARE, "?"),
}
_LATE = Text(f"{CHECK_S:g} 秒内没有查完", f"not finished within {CHECK_S:g} s")
_AGAIN = Text(
    "稍后再试；仍然如此则附诊断包求助", "try again later; if it stays so ask for help, with a diagnostics bundle"
)
_FIRST = Text(
    "先处理异常的各项，再问一次；仍然如此则附诊断包求助",
    "see to what is wrong first, then ask again; if it stays so ask for help, with a diagnostics bundle",
)
"""Of what could not be told for a fault of the installation's own, which another check names."""
Put = tuple[int, list[Answer], float]


def examine(checks: Sequence[Check], bound_s: float = CHECK_S) -> list[Result]:
    """Every answer, in the order of the checks."""
    answers: SimpleQueue[Put] = SimpleQueue()
    for at, check in enumerate(checks):
        Thread(target=_asked, args=(at, check, answers), name=f"doctor {check.id}", daemon=True).start()
    came = dict(_within(answers, len(checks), bound_s))
    return [result for at, check in enumerate(checks) for result in _results(check, came.get(at), bound_s)]


def _within(
    answers: "SimpleQueue[Put]", number: int, bound_s: float
) -> Iterator[tuple[int, tuple[list[Answer], float]]]:
    end = time.monotonic() + bound_s
    for _ in range(number):
        try:
            at, found, took_s = answers.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            return
        yield at, (found, took_s)


def _results(check: Check, came: tuple[list[Answer], float] | None, bound_s: float) -> list[Result]:
    found, took_s = came or ([unknown(_LATE, _AGAIN)], bound_s)
    return [Result(check, answer, round(took_s * 1000)) for answer in found]


def _asked(at: int, check: Check, answers: "SimpleQueue[Put]") -> None:
    began_s, found = time.monotonic(), list[Answer]()
    try:
        for answer in check.ask():
            found.append(answer)
    except BaseException as fault:  # noqa: BLE001  # a check that stumbles is an answer, never the end of the doctor
        found.append(unknown(_stumbled(fault), _FIRST if isinstance(fault, (YktError, OSError)) else _AGAIN))
    answers.put((at, _bounded(found), time.monotonic() - began_s))


def _bounded(found: list[Answer]) -> list[Answer]:
    """At least one, for a check that found nothing to look at has told nothing; ANSWERS_MAX and a word at most."""
    if not found:
        return [unknown(Text("没有可查的", "there is nothing to look at"))]
    more = len(found) - ANSWERS_MAX
    if more <= 0:
        return found
    rest = worst(one.state for one in found[ANSWERS_MAX:])
    return [*found[:ANSWERS_MAX], Answer(rest, Text(f"另有 {more} 项", f"and {more} more"))]


def _stumbled(fault: BaseException) -> Text:
    """Only what is made to be read: the text of any other exception may quote what it stumbled over."""
    kind = type(fault).__name__
    if isinstance(fault, YktError) and fault.args and isinstance(fault.args[0], Text):
        told = fault.args[0]
        return Text(f"查不出：{cleaned(told.zh)}", f"cannot be told: {cleaned(told.en)}")
    if isinstance(fault, OSError):
        where, why = f"{fault.filename}: " if fault.filename else "", why_not(fault)
        return Text(f"查不出：{where}{why.zh}", f"cannot be told: {where}{why.en}")
    return Text(f"查不出：{kind}", f"cannot be told: {kind}")


def say(part: str, results: Sequence[Result], *, is_json: bool) -> int:
    """Print all of it; the exit code."""
    if is_json:
        sys.stdout.write(json.dumps(as_json(part, results), ensure_ascii=False) + "\n")
    else:
        inks = Inks(sys.stdout, os.environ)
        sys.stdout.write("".join(f"{line}\n" for result in results for line in _lines(result, inks)))
        sys.stdout.write(f"\n{_summary([result.answer.state for result in results])}\n")
    return exit_code(result.answer.state for result in results)


def _lines(result: Result, inks: Inks) -> Iterator[str]:
    check, answer = result.check, result.answer
    mark = inks(*_MARKS[answer.state])
    about = f"{answer.about}: " if answer.about else ""
    yield f"  {mark} {left(check.id, ID_WIDTH)} {about}{answer.said}"
    if answer.state is State.GOOD:
        return
    yield f"      {Text('问', 'asked')}  {check.asks}"
    if answer.fix is not None:
        yield f"      {Text('做', 'to do')}  {answer.fix}"
    yield f"      {Text('见', 'more')}  {check.more}#{check.id}"


def _summary(states: Sequence[State]) -> Text:
    n = {state: sum(one is state for one in states) for state in State}
    return Text(
        f"共 {len(states)} 项：正常 {n[State.GOOD]}，留意 {n[State.CARE]}，异常 {n[State.BAD]}，"
        f"不知道 {n[State.UNKNOWN]}",
        f"{len(states)} answers: {n[State.GOOD]} good, {n[State.CARE]} to be seen to, {n[State.BAD]} wrong, "
        f"{n[State.UNKNOWN]} not known",
    )
