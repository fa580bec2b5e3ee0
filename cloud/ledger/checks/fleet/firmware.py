"""Roll-outs 固件升级: whoever is said to use a release has said so, and only an open wave was sent its permits.

What a terminal has reported is its word, and nothing here can weigh it; that a release was brought and a roll-out made,
stopped and resumed, and by whom, is the book-only chain's.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cloud.ledger.checks.check import Check
from cloud.ledger.fleet.firmware import rows, state
from cloud.ledger.fleet.firmware.releases import Release, releases, which_of
from cloud.ledger.fleet.firmware.state import Rollout, TerminalRow, TerminalState
from cloud.store.db import Database
from shared.errors import WireFault
from shared.fleet.document import DocumentKind, Scope, SignedHead, decode_head, device_scope, digest_of, model_scope
from shared.fleet.permit import Permit, nothing
from shared.ids import DeviceId

NAME = "roll-outs"


class _Books(NamedTuple):
    """permits: digest of each that was made. newest: which one is sent. reached: the highest release that a terminal
    ever said it uses, of those that were made here."""

    permits: Mapping[tuple[Scope, int], bytes]
    newest: Mapping[Scope, int]
    reached: Mapping[tuple[bytes, Scope], int]


def check_rollouts(db: Database) -> Check:
    """Every release and every terminal of every roll-out."""
    there = {(one.model, one.release): one for one in releases(db)}
    broken = next((fault for one in there.values() if (fault := _release_fault(db, one))), "")
    books, count = _books(db), len(there)
    for rollout in rows.rollouts(db).values():
        release = there.get((rollout.model, rollout.release))
        found = rows.rows_of(db, rollout.number)
        count += len(found)
        if release is None:
            broken = broken or f"roll-out {rollout.number}: its release is not here"
            continue
        wave = state.wave_of(rows.events(db, rollout.number))
        faults = (_fault(db, rollout, release, row, wave, books) for row in found)
        broken = broken or next((fault for fault in faults if fault), "")
    return Check(NAME, count, broken)


def _books(db: Database) -> _Books:
    kinds = int(DocumentKind.PERMIT), int(DocumentKind.FIRMWARE)
    made = db.run("SELECT scope, generation, digest FROM document WHERE kind = ?", kinds[:1])
    heads = db.run("SELECT scope, generation FROM document_head WHERE kind = ?", kinds[:1])
    said = db.run("SELECT device, scope, reached FROM document_reported WHERE kind = ?", kinds[1:])
    return _Books(
        {(Scope(bytes(scope)), generation): bytes(digest) for scope, generation, digest in made},
        {Scope(bytes(scope)): int(generation) for scope, generation in heads},
        {(bytes(device), Scope(bytes(scope))): int(reached) for device, scope, reached in said},
    )


def _release_fault(db: Database, one: Release) -> str:
    made = db.run(
        "SELECT digest FROM document WHERE kind = ? AND scope = ? AND generation = ?",
        (int(DocumentKind.FIRMWARE), model_scope(one.model), one.release),
    )
    said = _head_of(one.head)
    is_same = [bytes(digest) for (digest,) in made] == [one.digest]
    is_signed = said == (DocumentKind.FIRMWARE, model_scope(one.model), one.release, one.digest)
    return "" if is_same and is_signed else f"release {one.text}: its bytes are not those of its head"


def _fault(db: Database, rollout: Rollout, release: Release, row: TerminalRow, wave: int, books: _Books) -> str:
    where, scope = f"roll-out {rollout.number}, terminal {row.device.hex()}", device_scope(DeviceId(row.device))
    papers = rows.papers_of(db, row)
    permit = Permit(release.model, release.release, release.digest).encode(), nothing(release.model).encode()
    heads = [(DocumentKind.PERMIT, scope, row.generation + at, digest_of(body)) for at, body in enumerate(permit)]
    if [_head_of(papers.head), _head_of(papers.off_head)] != heads or (papers.body, papers.off_body) != permit:
        return f"{where}: its permit is of another release"
    if bool(row.sent_ms) != (books.permits.get((scope, row.generation)) == digest_of(permit[0])):
        return f"{where}: its permit was sent without its document, or the other way round"
    if row.sent_ms and row.wave > wave:
        return f"{where}: has a permit, and its wave has not begun"
    if row.state.is_out and books.newest.get(scope, 0) < row.generation:
        return f"{where}: is out, and nobody is sent its permit"
    if not row.state.is_out and books.newest.get(scope) == row.generation:
        return f"{where}: is not out, and boxes are sent its permit"
    uses = row.state in (TerminalState.IN_USE, TerminalState.ALREADY)
    if uses and books.reached.get((row.device, which_of(release.model)[1]), 0) < release.release:
        return f"{where}: is said to use what it has never reported"
    return "" if bool(row.over_ms) == row.state.is_over else f"{where}: over, and not over"


def _head_of(signed: SignedHead) -> tuple[DocumentKind, Scope, int, bytes] | None:
    try:
        head = decode_head(signed.raw)
    except WireFault:
        return None
    return head.kind, head.scope, head.generation, head.digest
