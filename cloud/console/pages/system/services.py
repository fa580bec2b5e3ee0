"""Services 服务: the tree of `cloud status` with its reasons, the goals of the month and the age of the backup.

A look is bounded in time and asks much; so LOOK_KEPT_S apart, however many look on.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from flask import g, jsonify, render_template

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.pages.system.once import once
from cloud.console.words import system
from cloud.process.settings import FOLDER
from cloud.watch.services.asking import ask
from cloud.watch.services.gather import look
from cloud.watch.services.goals import Outcome, month_of
from cloud.watch.services.months import Measured, how_whole, measure
from cloud.watch.services.terms import Node, State, What
from cloud.watch.services.tree import exit_code, tree
from cloud.watch.services.words import STATES, clock_time, shown, status_json
from cloud.watch.subjects.marks import MARK, finished, read_proof, verified
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.words.spans import span
from shared.words.voice import Text

LOOK_KEPT_S = 3.0
GOALS_KEPT_S = 60.0
GOALS_S = 3.0
"""The ledger may take so long to count a month; then its goals are not known."""
MARKS = {State.OK: "ok", State.WARN: "warn", State.UNKNOWN: "off", State.WRONG: "bad", State.UNUSED: "off"}
_QUIET = (State.OK, State.UNUSED)
_GOALS = "goals"


class Goals(NamedTuple):
    """measured None: why says what has hindered it."""

    measured: Measured | None
    why: Text | None = None


def campus(sources: Sources) -> Node:
    """The whole tree as it was within LOOK_KEPT_S."""
    return once().ask("look", LOOK_KEPT_S, lambda: tree(look(sources.settings, sources.dsn)))


def seen_by(root: Node, signed: Signed | None) -> Node:
    """What somebody may see of it: of boxes those of his places, and the sums of those. None: the machine itself."""
    if signed is None or signed.everywhere(Right.SEE_CAMPUS):
        return root
    return replace(root, says=None, children=tuple(_of_his(child, signed) for child in root.children))


def _of_his(node: Node, signed: Signed) -> Node:
    if node.what is not What.DEVICES:
        return node
    places = [
        replace(place, children=tuple(one for one in place.children if _sees(signed, one))) for place in node.children
    ]
    return replace(node, children=tuple(place for place in places if place.children))


def _sees(signed: Signed, box: Node) -> bool:
    return signed.sees(Right.SEE_CAMPUS, box=box.name)


def _goals(sources: Sources) -> Goals:
    now_ms = int(time.time() * 1000)
    month = month_of(moment(now_ms)[:7])
    answers = ask({_GOALS: lambda: measure(sources.settings, sources.dsn, month, now_ms)}, GOALS_S)
    return Goals(answers.values.get(_GOALS), answers.why.get(_GOALS))


def goals_of(sources: Sources) -> Goals:
    """Of this month, as they were within GOALS_KEPT_S."""
    return once().ask(_GOALS, GOALS_KEPT_S, lambda: _goals(sources))


def _his(goals: Goals, signed: Signed) -> list[Outcome]:
    found = goals.measured.outcomes if goals.measured else ()
    return [one for one in found if signed.sees(Right.SEE_CAMPUS, box=one.about)]


def moment(at_ms: int) -> str:
    """Unix milliseconds as the campus says it."""
    return time_text(WALL.at(at_ms / 1000))


def since(at_ms: int) -> Text:
    """Until now, in words."""
    return Text(*span(max(0, int(time.time() * 1000) - at_ms) // 1000))


def _services(sources: Sources) -> Reply:
    root = seen_by(campus(sources), g.signed)
    goals, folder = goals_of(sources), sources.settings.data / FOLDER
    return render_template(
        "system/services.html", root=root, marks=MARKS, states=STATES, every_state=list(reversed(State)), shown=shown,
        clock=lambda at_ms: clock_time(at_ms, root.as_of_ms), since=since, moment=moment, quiet=_QUIET, What=What,
        goals=goals, outcomes=_his(goals, g.signed), whole=how_whole(goals.measured) if goals.measured else None,
        backup_ms=finished(folder / MARK), verified_ms=verified(folder / MARK), paper=_paper(folder),
    )  # fmt: skip


def _paper(folder: Path) -> tuple[bool, Text]:
    """Whether the paper that opens the sealed keys is known to be right, and what to say."""
    proof, now_ms = read_proof(folder), int(time.time() * 1000)
    if proof is None:
        return False, system.WORDS["keys_unsealed"]
    if proof.proven_ms is None:
        return False, system.WORDS["keys_unproven"]
    at = moment(proof.proven_ms)
    said = Text(f"密钥封存：{at} 按纸证明过", f"sealed keys: proven by the paper {at}")
    if proof.is_good(now_ms):
        return True, said
    return False, Text(f"{said.zh}，应再证明", f"{said.en}; prove it again")


def _api_status(sources: Sources) -> Reply:
    """As `cloud status --json`."""
    root = seen_by(campus(sources), g.signed)
    return jsonify(status_json(root, exit_code(root)))


PAGES = (
    Page("services", "/services", Right.SEE_CAMPUS, _services, Menu.SYSTEM),
    Page("api_status", "/api/v1/status", Right.SEE_CAMPUS, _api_status),
)
