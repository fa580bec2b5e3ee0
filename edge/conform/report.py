"""What the bench found: a verdict for every check, why, and the bytes that were seen. Pure."""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from shared.words.voice import Text

FORMAT = 1
SEEN_MAX = 8
"""Messages, the newest ones, that a failed check shows."""


class Failed(Exception):
    """Happens when a terminal does not do what the clause says; the check is over."""

    def __init__(self, why: Text) -> None:
        super().__init__(why)
        self.why = why


class Skipped(Exception):
    """Happens when a check cannot be made here; it counts for nothing."""

    def __init__(self, why: Text) -> None:
        super().__init__(why)
        self.why = why


class Hopeless(Failed):
    """Happens when there is nobody to examine, or nobody who may be: the bench ends."""


class Verdict(Enum):
    """Of one check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


_WORDS = {
    Verdict.PASSED: Text("符合", "passed"),
    Verdict.FAILED: Text("不符", "FAILED"),
    Verdict.SKIPPED: Text("未查", "skipped"),
}


class Seen(NamedTuple):
    """A message on the wire; way: "up" from the terminal."""

    way: str
    raw: bytes


class Transcript:
    """The newest messages."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=SEEN_MAX)

    def note(self, way: str, raw: bytes) -> None:
        """One more."""
        self._seen.append(Seen(way, raw))

    @property
    def newest(self) -> tuple[Seen, ...]:
        """Oldest first."""
        return tuple(self._seen)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome. clause: a page of docs/protocol and its heading."""

    check: str
    clause: str
    title: Text
    verdict: Verdict
    why: Text | None = None
    seen: tuple[Seen, ...] = ()


@dataclass(slots=True)
class Report:
    """All of them, in order. hopeless: the bench could not begin, or ended before its end."""

    findings: list[Finding] = field(default_factory=list)
    hopeless: bool = False

    def count(self, verdict: Verdict) -> int:
        """So many."""
        return sum(one.verdict is verdict for one in self.findings)

    @property
    def exit_code(self) -> int:
        """0: nothing failed; 1: something did; 2: it could not be judged."""
        if self.hopeless:
            return 2
        return 1 if self.count(Verdict.FAILED) else 0

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        counts = {verdict.value: self.count(verdict) for verdict in Verdict}
        return {"format": FORMAT, **counts, "exit": self.exit_code, "checks": [_row(one) for one in self.findings]}


def line(one: Finding) -> str:
    """One check, and what is behind its failure."""
    head = f"{_WORDS[one.verdict]}  {one.check:<26} {one.title}"
    if one.verdict is Verdict.PASSED:
        return head
    rows = [head, f"      {one.why or ''}"]
    if one.verdict is Verdict.FAILED:
        rows.append(f"      docs/protocol/{one.clause}")
        rows += [f"      {'←' if row.way == 'up' else '→'} {row.raw.hex()}" for row in one.seen]
    return "\n".join(rows)


def last_line(report: Report) -> Text:
    """The plain verdict."""
    passed, failed, skipped = (report.count(verdict) for verdict in Verdict)
    if report.hopeless:
        return Text("无法判定：见上", "not judged: see above")
    if failed:
        return Text(
            f"不符合：{failed} 项不符，{passed} 项符合，{skipped} 项未查",
            f"does not conform: {failed} failed, {passed} passed, {skipped} skipped",
        )
    return Text(f"符合：{passed} 项符合，{skipped} 项未查", f"conforms: {passed} passed, {skipped} skipped")


def _row(one: Finding) -> dict[str, Any]:
    why = None if one.why is None else {"zh": one.why.zh, "en": one.why.en}
    return {
        "check": one.check,
        "clause": one.clause,
        "title": {"zh": one.title.zh, "en": one.title.en},
        "verdict": one.verdict.value,
        "why": why,
        "seen": [{"way": row.way, "bytes": row.raw.hex()} for row in one.seen],
    }
