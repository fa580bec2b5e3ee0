"""From a terminal that arrives to one that sells: what is done of it, what waits, what is not known. Pure.

Each step is told by what stands in the books, never by what somebody has ticked; of a box that is silent nothing behind
it is known.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from cloud.ledger.fleet.documents.standing import DocumentState, TerminalRow
from cloud.ledger.read.views import TerminalBody
from shared.fleet.document import DocumentKind
from shared.inventory import DeviceKind

NEEDS = (DocumentKind.HOTLIST, DocumentKind.PARAMETERS)

WITH_PSAM = (DeviceKind.POS, DeviceKind.VALIDATOR)


class Step(NamedTuple):
    """key: its words, and those of what to do. mark: ok, warn: it waits, off: not known."""

    key: str
    mark: str


def steps(
    row: dict[str, Any], body: TerminalBody, documents: Sequence[TerminalRow], *, is_box_heard: bool, has_sold: bool,
    is_on_plan: bool,
) -> list[Step]:  # fmt: skip
    """In their order. row: as the list of devices has it."""
    wanted = {one.which[0]: one for one in documents if one.which[0] in NEEDS}
    unused = {kind for kind, one in wanted.items() if one.standing is DocumentState.UNUSED}
    return [
        Step("arrived_registered", "ok"),
        *([Step("arrived_psam", "ok" if body.psams else "warn")] if body.kind in WITH_PSAM else []),
        Step("arrived_box", "ok" if is_box_heard else "off"),
        Step("arrived_joined", _joined(row, is_box_heard=is_box_heard)),
        Step("arrived_clock", "off" if body.is_clock_set is None else "ok" if body.is_clock_set else "warn"),
        *(Step(f"arrived_{kind.name.lower()}", _uses(wanted.get(kind))) for kind in NEEDS if kind not in unused),
        Step("arrived_plan", "ok" if is_on_plan else "warn"),
        Step("arrived_sold", "ok" if has_sold else "warn"),
    ]


def is_underway(found: Sequence[Step]) -> bool:
    """Is there anything left that keeps it from selling?"""
    return any(one.mark != "ok" for one in found if one.key != "arrived_plan")


def _joined(row: dict[str, Any], *, is_box_heard: bool) -> str:
    if row["state"] == "joined":
        return "ok"
    return "warn" if is_box_heard else "off"


def _uses(one: TerminalRow | None) -> str:
    """Of a document: none was made, it is on its way, in use, or nobody knows."""
    if one is None:
        return "warn"
    if one.standing is DocumentState.UNKNOWN:
        return "off"
    return "ok" if one.standing is DocumentState.IN_USE else "warn"
