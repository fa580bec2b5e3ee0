"""Asks several things at once, each on a thread of its own, and waits for none of them beyond one bound.

What has not answered by then is missing from the answers, with `late` as its reason; its thread is a daemon and is
left to its own time-out, so that a database that hangs keeps nobody from saying how the rest is.
"""

import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from shared.errors import YktError
from shared.words.voice import Text, told_by


class Answers(NamedTuple):
    """values: what came. why: of each that did not, in words; late: those of them that have said nothing at all."""

    values: Mapping[str, Any]
    why: Mapping[str, Text]
    late: frozenset[str]


def late(bound_s: float) -> Text:
    """What is said of it."""
    return Text(f"{bound_s:g} 秒内没有回答", f"no answer within {bound_s:g} s")


def ask(questions: Mapping[str, Callable[[], object]], bound_s: float) -> Answers:
    """All of them. A question may raise YktError or OSError; whatever else is a defect, and is raised here."""
    answers: SimpleQueue[tuple[str, object]] = SimpleQueue()
    for name, question in questions.items():
        Thread(target=_asked, args=(name, question, answers), name=f"ask {name}", daemon=True).start()
    end = time.monotonic() + bound_s
    came: dict[str, object] = {}
    while len(came) < len(questions):
        try:
            name, answer = answers.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            break
        came[name] = answer
    faults = {name: fault for name, fault in came.items() if isinstance(fault, BaseException)}
    for fault in faults.values():
        if not isinstance(fault, YktError | OSError):
            raise fault
    missing = frozenset(questions.keys() - came.keys())
    why = {name: told_by(fault) for name, fault in faults.items()}
    values = {name: answer for name, answer in came.items() if name not in faults}
    return Answers(values, why | dict.fromkeys(missing, late(bound_s)), missing)


def _asked(name: str, question: Callable[[], object], answers: "SimpleQueue[tuple[str, object]]") -> None:
    try:
        answers.put((name, question()))
    except BaseException as fault:  # noqa: BLE001  # handed to the caller, who raises what is no fault of ours
        answers.put((name, fault))
