"""What pages of firmware and of boxes' releases share: how a roll-out is shown, what its forms say, who may make one.

A roll-out reaches the whole campus: whoever makes, stops or resumes one commands all of it, and types how many it is.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import abort, g, request

from cloud.console.access.rights import Right
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Asked
from cloud.console.pages.devices.deeds import REASON_MAX, DeedRefused, require_reason
from cloud.fleet.rolling import RolloutAsked
from cloud.ledger.fleet.firmware.state import Phase, TerminalRow, TerminalState
from cloud.words.fleet.firmware import Rolled, phase_text
from shared.clocks.clock import time_text
from shared.errors import ConfigFault
from shared.words.voice import Language, Text

SHARES = {"100": (100,), "10-100": (10, 100), "10-50-100": (10, 50, 100), "5-25-50-100": (5, 25, 50, 100)}
"""Waves that one can choose from, per cent of all."""
CANARY_MAX = 50
USED = (TerminalState.IN_USE, TerminalState.ALREADY)


class Acts(NamedTuple):
    """Endpoints of one kind of roll-out: its list, one, one as a file, and what is done to it."""

    all: str
    one: str
    csv: str
    stop: str
    resume: str
    back: str
    retry: str


def line_of(one: Rolled, release: str) -> dict[str, Any]:
    """A roll-out in a list."""
    mark = {Phase.PAUSED: "warn", Phase.STOPPED: "bad", Phase.OVER: "off"}.get(one.phase, "ok")
    return {
        "view": one, "release": release, "phase": phase_text(one), "mark": mark,
        "left": one.total - one.done - one.failed,
    }  # fmt: skip


def mark_of(state: TerminalState) -> str:
    """Of one terminal or box in a roll-out."""
    if state in USED:
        return "ok"
    return "bad" if state.is_failure else "warn" if state.is_out else "off"


def waves_of_rows(rows: Sequence[TerminalRow]) -> list[dict[str, int]]:
    """How far each has come."""
    return [
        {
            "wave": wave, "in_all": len(there), "done": sum(row.state in USED for row in there),
            "failed": sum(row.state.is_failure for row in there),
        }
        for wave in sorted({row.wave for row in rows}) if (there := [row for row in rows if row.wave == wave])
    ]  # fmt: skip


def states_of(rows: Sequence[TerminalRow], wanted: Asked, said: Mapping[TerminalState, Text]) -> list[dict[str, Any]]:
    """How many stand how, each a filter of the list below."""
    kept = dict(wanted.kept).get("answer", "")
    return [
        {
            "said": said[state], "rows": count, "is_on": name == kept, "mark": mark_of(state),
            "link": wanted._replace(kept=() if name == kept else (("answer", name),)).link(),
        }
        for state, count in sorted(Counter(row.state for row in rows).items()) if (name := state.name.lower())
    ]  # fmt: skip


def shown_of(view: Rolled, rows: Sequence[TerminalRow]) -> dict[str, Any]:
    """What the page of any roll-out shows beside its list."""
    return {
        "rollout": view.rollout, "view": view, "waves": waves_of_rows(rows), "may_act": may_act(),
        "reason_max": REASON_MAX, "events": list(reversed(view.events)),
        "can_stop": view.phase in (Phase.DUE, Phase.OPEN, Phase.PAUSED),
        "can_resume": view.phase in (Phase.PAUSED, Phase.STOPPED),
    }  # fmt: skip


def asked_of_form() -> RolloutAsked:
    """How a release is to be rolled out, by who has signed in. ConfigFault, DeedRefused."""
    shares = SHARES.get(request.form.get("shares", "100"))
    if shares is None:
        abort(400)
    return RolloutAsked(str(g.signed.name), reason_of_form(), _canary(), shares, at_once="at_once" in request.form)


def require_count(count: int) -> None:
    """DeedRefused: another number was typed than it is about."""
    if request.form.get("count", "").strip() != str(count):
        raise DeedRefused(Text(f"请输入台数 {count}", f"type the count: {count}"))


def reason_of_form() -> str:
    """DeedRefused: there is none, or it is too long."""
    return require_reason(request.form.get("reason", ""))


def may_act() -> bool:
    """Who has signed in, on all of the campus?"""
    return bool(g.signed.everywhere(Right.COMMAND))


def require_all() -> None:
    """403 else."""
    if not may_act():
        abort(403)


def spoken(said: Text) -> str:
    """For whoever looks."""
    return said.in_language(Language(g.language))


def moments(sources: Sources) -> Callable[[int], str]:
    """Unix milliseconds as the campus says them; '' for 0."""
    clock = sources.clock()
    return lambda ms: time_text(int(clock.at(ms / 1000))) if ms else ""


def how_to_ask() -> dict[str, Any]:
    """What forms of a roll-out need."""
    return {"shares": SHARES, "reason_max": REASON_MAX, "canary_max": CANARY_MAX, "may_act": may_act()}


def _canary() -> int:
    text = request.form.get("canary", "") or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= CANARY_MAX):
        raise ConfigFault(Text(f"先行台数应为 0 到 {CANARY_MAX}", f"the first few are 0 to {CANARY_MAX}"))
    return int(text)
