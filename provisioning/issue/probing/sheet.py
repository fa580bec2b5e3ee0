"""The verdict sheet: each body, and all of them as one delivery. Pure."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from provisioning.issue.probing.finding import Finding, Mark
from shared.words.voice import Text

FORMAT = 1


class Probed(NamedTuple):
    """One body. number: its place in the row of samples; atr: as it answered."""

    number: int
    atr: bytes
    findings: tuple[Finding, ...]

    @property
    def is_good(self) -> bool:
        """Nothing failed. What is unknown is told, and fails nobody."""
        return not any(one.mark is Mark.BAD for one in self.findings)


def body_lines(one: Probed) -> Iterator[Text]:
    """A body for a person."""
    for found in one.findings:
        mark = found.mark.said
        yield Text(
            f"  {found.check:<10} {mark.zh}  {found.said.zh}", f"  {found.check:<10} {mark.en:<8} {found.said.en}"
        )


def sum_lines(bodies: Sequence[Probed], wanted: int) -> Iterator[Text]:
    """All of them: how many pass, whether they are alike, what nobody knows."""
    good, many = sum(one.is_good for one in bodies), len(bodies)
    yield Text(f"共 {many} 张，合格 {good}，应试 {wanted}", f"{many} bodies, {good} pass, {wanted} wanted")
    kinds = Counter(one.atr for one in bodies)
    if len(kinds) > 1:
        yield Text(f"ATR 有 {len(kinds)} 种：混批", f"{len(kinds)} different ATRs: a mixed delivery")
    for check, marks in _by_check(bodies):
        failing, unknown = marks[Mark.BAD], marks[Mark.UNKNOWN]
        if failing:
            yield Text(f"{check}：{failing} 张不合格", f"{check}: {failing} fail")
        elif unknown:
            yield Text(f"{check}：{unknown} 张未知", f"{check}: {unknown} unknown")
    yield Text("可以订货", "may be ordered") if passes(bodies, wanted) else Text("不要订货", "do not order")


def passes(bodies: Sequence[Probed], wanted: int) -> bool:
    """As many as were wanted, all good, all alike."""
    return len(bodies) >= wanted and all(one.is_good for one in bodies) and len({one.atr for one in bodies}) == 1


def to_json(bodies: Sequence[Probed], wanted: int, at: int) -> bytes:
    """The same for a program and for the file of the order; no key, no card number."""
    rows = [
        {
            "body": one.number, "atr": one.atr.hex().upper(), "passes": one.is_good,
            "checks": {
                found.check: {"mark": found.mark.value, "zh": found.said.zh, "en": found.said.en}
                for found in one.findings
            },
        }
        for one in bodies
    ]  # fmt: skip
    told = {"format": FORMAT, "at": at, "wanted": wanted, "passes": passes(bodies, wanted), "bodies": rows}
    return json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"


def _by_check(bodies: Sequence[Probed]) -> Iterator[tuple[str, Counter[Mark]]]:
    names = dict.fromkeys(found.check for one in bodies for found in one.findings)
    for name in names:
        yield name, Counter(found.mark for one in bodies for found in one.findings if found.check == name)
