"""A named scene: a story with a name, played on real processes, that says of each step what was expected and seen.

One function is the whole rule: `./ykt scene` plays it for a person, pytest plays the same one as a test. A step that
does not hold ends its scene. A scene that cannot be played on this machine says why; that is never a success.
"""

import asyncio
import json
import time
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from compose.campus.plan import Plan
from shared.words.voice import Text
from tests.once import once
from tests.scenes import plans

CHINA = timezone(timedelta(hours=8))
SEEN_MAX = 2000
"""Characters of what was seen: a wait that was in vain tells of all parts."""
BUSY = 30.0
"""How many times as long is as good in the suite, where other tests run beside: that it comes is tested there, and no
rate. `./ykt scene` takes figures as they are."""


class Verdict(Enum):
    """Of a step, and of a scene."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(slots=True)
class Step:
    """What was checked, what was expected, and what was seen."""

    what: Text
    expected: Text
    seen: Text | str = ""
    seconds: float = 0.0
    verdict: Verdict = Verdict.FAILED


class Unplayable(Exception):
    """This machine has not what the scene needs."""

    def __init__(self, why: Text) -> None:
        super().__init__(why)
        self.why = why


class Stage:
    """Where a scene is played. steps: all that were begun; room: a campus of a plan, its own."""

    def __init__(
        self, folder: Path, made: "Made", *, slow: float = 1.0, whole: bool = True,
        hears: Callable[[Step], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """folder: of this scene alone. slow: so many times as long is as good. whole: not the suite's short form.
        hears: of each step's end."""
        self.folder = folder
        self.whole = whole
        self.steps: list[Step] = []
        self._made = made
        self._slow = slow
        self._hears = hears
        self._rooms = 0

    def room(self, plan: Callable[[], Plan], *, days_old: int = 0) -> Path:
        """A provisioned campus in which nothing has happened yet. days_old: since when its cards are valid."""
        self._rooms += 1
        return self._made.copy(plan, self.folder / f"room{self._rooms}", days_old=days_old)

    @contextmanager
    def step(self, what: Text, expected: Text) -> Iterator[Step]:
        """Whatever is raised in it is what was seen instead."""
        step = Step(what, expected)
        self.steps.append(step)
        began = time.monotonic()
        try:
            yield step
            step.verdict = Verdict.PASSED
        except (AssertionError, OSError, RuntimeError, LookupError, ValueError) as fault:
            step.seen = f"{step.seen} {fault or type(fault).__name__}".strip()[:SEEN_MAX]
            raise
        finally:
            step.seconds = time.monotonic() - began
            self._hears(step)

    def at_most(self, step: Step, seconds: float, bound_s: float) -> None:
        """It took so long, and not longer than that."""
        step.seen = Text(f"{seconds:.2f} 秒", f"{seconds:.2f} s")
        assert seconds <= bound_s * self._slow, f"> {bound_s:g} s"

    @property
    def slow(self) -> float:
        """So many times as long is as good."""
        return self._slow

    def needs(self, there: object, why: Text) -> None:
        """Unplayable unless it is there."""
        if not there:
            raise Unplayable(why)


@dataclass(frozen=True, slots=True)
class Scene:
    """slug: how it is called for; name and story: how it is told, the story in one sentence."""

    slug: str
    name: Text
    story: Text
    play: Callable[[Stage], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class Played:
    """What came of a scene. why: what keeps it from being played; fault: what ended it, in full, for its log."""

    scene: Scene
    verdict: Verdict = Verdict.FAILED
    seconds: float = 0.0
    steps: list[Step] = field(default_factory=list)
    why: Text | str = ""
    fault: str = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Whatever a scene raises is its verdict; what ends this process is not."""
        if isinstance(fault, Unplayable):
            self.verdict, self.why = Verdict.SKIPPED, fault.why
        elif fault is None:
            self.verdict = Verdict.PASSED
        else:
            self.why = str(fault)[:SEEN_MAX] or type(fault).__name__
            self.fault = "".join(traceback.format_exception(kind, fault, trace))
        return fault is None or isinstance(fault, Exception)


def played(scene: Scene, stage: Stage) -> Played:
    """To its end, whatever that is."""
    found, began = Played(scene, steps=stage.steps), time.monotonic()
    with found:
        asyncio.run(scene.play(stage))
    found.seconds = time.monotonic() - began
    return found


class Made:
    """Campuses that are provisioned once, and copied for each scene."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, plan: Callable[[], Plan], room: Path, *, days_old: int = 0) -> Path:
        """A campus of this plan, in a folder of its own. days_old: since when its cards are valid."""
        issued = datetime.now(tz=CHINA) - timedelta(days=days_old)
        extra = {"issued": issued.date().isoformat()} if days_old else None
        made = once(self._folder, f"{plan.__name__}-{days_old}", lambda folder: plans.make(plan(), folder, extra))
        return plans.copy(made, room)


def as_json(found: list[Played]) -> str:
    """One line, both languages, times in seconds."""
    rows = [
        {
            "scene": one.scene.slug, "name": _both(one.scene.name), "verdict": one.verdict.value, "why": _both(one.why),
            "seconds": round(one.seconds, 3),
            "steps": [
                {
                    "what": _both(step.what), "expected": _both(step.expected), "seen": _both(step.seen),
                    "seconds": round(step.seconds, 3), "verdict": step.verdict.value,
                }
                for step in one.steps
            ],
        }
        for one in found
    ]  # fmt: skip
    return json.dumps({"ok": is_all_well(found), "scenes": rows}, ensure_ascii=False)


def is_all_well(found: list[Played]) -> bool:
    """Was each played to its end, and held?"""
    return all(one.verdict is Verdict.PASSED for one in found)


def _both(said: Text | str) -> dict[str, str]:
    return {"zh": said.zh, "en": said.en} if isinstance(said, Text) else {"zh": said, "en": said}
