"""Jobs 任务: every order that was sent is the document that its row says, and only orders that are out are sent.

What a terminal has answered is its word, and nothing here can weigh it; that a job was made, and by whom, is the
book-only chain's.
"""

from cloud.ledger.checks.check import Check
from cloud.ledger.fleet.jobs.state import RowState
from cloud.store.db import Database
from shared.errors import WireFault
from shared.fleet.document import DocumentKind, decode_head, device_scope, digest_of
from shared.ids import DeviceId

NAME = "jobs"
_ROWS = "SELECT job, device, generation, state, sent_ms, over_ms, body, head FROM job_row ORDER BY job, device"


def check_jobs(db: Database) -> Check:
    """Every row."""
    order = int(DocumentKind.ORDER)
    made = db.run("SELECT scope, generation, digest FROM document WHERE kind = ?", (order,))
    digests = {(bytes(scope), generation): bytes(digest) for scope, generation, digest in made}
    heads = db.run("SELECT scope, generation FROM document_head WHERE kind = ?", (order,))
    newest = {bytes(scope): int(generation) for scope, generation in heads}
    found = db.run(_ROWS)
    broken = ""
    for job, device, generation, state, sent_ms, over_ms, body, head in found:
        scope = device_scope(DeviceId(bytes(device)))
        there = digests.get((scope, generation)), newest.get(scope)
        row = job, bytes(device), generation, state, sent_ms, over_ms, bytes(body), bytes(head)
        broken = broken or _fault(*row, *there)
    return Check(NAME, len(found), broken)


def _fault(
    job: int, device: bytes, generation: int, state: int, sent_ms: int, over_ms: int, body: bytes, head: bytes,
    digest: bytes | None, newest: int | None,
) -> str:  # fmt: skip
    where, is_out = f"job {job}, terminal {device.hex()}", RowState(state).is_out
    if not _is_signed(device, generation, body, head):
        return f"{where}: its signed head is of another order"
    if bool(sent_ms) != (digest is not None and digest == digest_of(body)):
        return f"{where}: is sent without its document, or the other way round"
    if is_out and newest != generation and (newest is None or newest < generation):
        return f"{where}: is out, and nobody is sent it"
    if not is_out and newest == generation:
        return f"{where}: is not out, and boxes are sent it"
    return "" if bool(over_ms) == RowState(state).is_over else f"{where}: over, and not over"


def _is_signed(device: bytes, generation: int, body: bytes, raw: bytes) -> bool:
    try:
        head = decode_head(raw)
    except WireFault:
        return False
    named = head.kind, head.scope, head.generation, head.digest
    return named == (DocumentKind.ORDER, device_scope(DeviceId(device)), generation, digest_of(body))
