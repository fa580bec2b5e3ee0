"""A PSAM is stolen 被盗挂失, or found again: one row each, the next list of stolen devices, and a fact. Never edited.

Idempotent: the same report again changes nothing. Refuses to forget: a ledger that was put back, and knows less than a
box holds, numbers its next list above that.
"""

from typing import NamedTuple

from cloud.ledger.fleet.heard import box_states
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.registry import touch_registry
from cloud.ledger.journal.theft_rows import add_row, freeze_marks, read_stolen, read_thefts, read_version
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.stolen import Act, Theft
from shared.errors import ConfigFault
from shared.facts.desks import PsamFound, PsamStolen
from shared.ids import PsamId
from shared.wire.messages import REVOKED_MAX, revocations_mark
from shared.words.voice import Text

WHO_MAX, REASON_MAX = 64, 200


class TheftRefused(ConfigFault):
    """Happens when a report names nobody or no reason, the list is full, or nothing was stolen that is found."""


class Report(NamedTuple):
    """body: the body that it is in is gone too. since_s: campus seconds from which on nobody knows who has had it."""

    psam: PsamId
    body: bool
    since_s: int
    who: str
    reason: str


class Reported(NamedTuple):
    """version: of the list that says so. again: it had been reported before, and nothing was changed."""

    version: int
    again: bool


def report_stolen(writing: Writing, report: Report, last: tuple[int, int]) -> Reported:
    """Inside of a transaction. last: the last record and entry in the books."""
    _require_signed(report.who, report.reason)
    device = _body_of(writing, report.psam) if report.body else b""
    standing = [theft for theft in read_thefts(writing.db) if theft.psam == report.psam and theft.found is None]
    if any(theft.device == device or not report.body for theft in standing):
        return _as_it_is(writing)
    _require_room(writing)
    what = (report.psam, device, report.since_s, report.who, report.reason)
    number, version = _add(writing, Act.STOLEN, *what, last)
    freeze_marks(writing.db, number, {*_bodies_of(writing, report.psam), *([device] if device else [])})
    told = PsamStolen(report.psam, report.who, report.reason)
    writing.notes.tell(told, device=device or _body_of(writing, report.psam))
    return Reported(version, again=False)


def report_found(writing: Writing, psam: PsamId, who: str, reason: str, last: tuple[int, int]) -> Reported:
    """Inside of a transaction. It may sell again; what was held meanwhile stays held until two persons release it."""
    _require_signed(who, reason)
    thefts = [theft for theft in read_thefts(writing.db) if theft.psam == psam]
    if not thefts:
        raise TheftRefused(Text(f"PSAM {psam.hex()} 未曾挂失", f"PSAM {psam.hex()} was never reported stolen"))
    if all(theft.found is not None for theft in thefts):
        return _as_it_is(writing)
    _, version = _add(writing, Act.FOUND, psam, b"", 0, who, reason, last)
    writing.notes.tell(PsamFound(psam, who, reason), device=_body_of(writing, psam))
    return Reported(version, again=False)


def _as_it_is(writing: Writing) -> Reported:
    """Nothing to add. But a box that holds another list of this number or above could not take ours."""
    ours = read_stolen(writing.db).revocations
    if not any(mark[0] >= ours.version and mark != revocations_mark(ours) for mark in _box_marks(writing)):
        return Reported(ours.version, again=True)
    _, version = _add(writing, Act.RENUMBERED, b"", b"", 0, "", "", (0, 0))
    return Reported(version, again=True)


def _add(
    writing: Writing, act: Act, psam: bytes, device: bytes, since_s: int, who: str, reason: str, last: tuple[int, int]
) -> tuple[int, int]:
    """Row and version: above all that this ledger has said, and above all that a box holds."""
    version = 1 + max(read_version(writing.db), *(mark[0] for mark in _box_marks(writing)), 0)
    row = (version, int(act), bytes(psam), device, since_s, who, reason, writing.now.unix_ms, *last)
    number = add_row(writing.db, row)
    writing.booking.link(BookLinkKind.REVOCATION, number, digest_of((number, *row)))
    touch_registry(writing.db)
    return number, version


def _box_marks(writing: Writing) -> list[tuple[int, int]]:
    return [state.revocations for _, state in box_states(writing.db).values()]


def _body_of(writing: Writing, psam: PsamId) -> bytes:
    """The body that the inventory puts it in; it is its own where a body has no PSAM; b"" if it never was in one."""
    known = writing.registry.psams.get(psam)
    if known is not None:
        return bytes(known.device)
    return bytes(psam) if psam in writing.registry.devices else b""


def _bodies_of(writing: Writing, psam: PsamId) -> set[bytes]:
    """Every body that ever asked for an epoch with it."""
    rows = writing.db.run("SELECT DISTINCT device FROM epoch WHERE psam = ?", (psam,))
    return {device for (device,) in rows} | ({_body_of(writing, psam)} - {b""})


def _require_signed(who: str, reason: str) -> None:
    if not 0 < len(who.strip()) <= WHO_MAX or not 0 < len(reason.strip()) <= REASON_MAX or "\0" in who + reason:
        raise TheftRefused(
            Text(
                f"--who 1..{WHO_MAX}、--reason 1..{REASON_MAX} 个字",
                f"--who 1..{WHO_MAX}, --reason 1..{REASON_MAX} characters",
            )
        )


def _require_room(writing: Writing) -> None:
    """At the bound nothing more is revoked one by one: then the masters are out of hand, and only rotation helps."""
    standing: list[Theft] = [theft for theft in read_thefts(writing.db) if theft.found is None]
    if len(standing) >= REVOKED_MAX:
        raise TheftRefused(
            Text(
                f"失窃设备名单已满 {REVOKED_MAX}，请轮换密钥",
                f"the list of {REVOKED_MAX} stolen devices is full: rotate the masters",
            )
        )
