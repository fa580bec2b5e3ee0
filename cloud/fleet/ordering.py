"""Orders that somebody gives: drafted, signed by the key process at the socket of who orders terminals about, kept.

KeyFault: it is away or refuses; ConfigFault: this campus has no key for orders. Then nothing was ordered.
"""

from cloud.fleet.signing import DocumentSigner
from cloud.ledger.fleet.jobs.door import JobLedger, Wish
from cloud.ledger.fleet.jobs.rows import Signed
from cloud.ledger.fleet.jobs.state import RETRIED, Job, JobRow
from cloud.ledger.records.values import Now
from shared.clocks.campus_clock import CampusClock
from shared.errors import ConfigFault, RuleBroken
from shared.fleet.document import DocumentKind
from shared.fleet.order import WHOLE, Cancel, CloseShift, Deed, Order, Reread, SendLog, decode_order
from shared.keys.document_key import newest_key
from shared.wire.fleet_lane import PIECES_MAX
from shared.words.voice import Text

TRIES_MAX = 5
"""Somebody else ordered the same terminals meanwhile: so often the numbers are drafted anew."""
RUN_MS = 60_000
"""A terminal answers an order that it has within this; a restart takes most of it."""
REREAD_MS = 250
"""More for each record that is sent again: twice what a terminal takes."""
PIECE_MS = 1_000
"""More for each piece that may be said: four times what a link of ours takes."""
CANCEL_MS = 600_000
"""A cancel of an order that never expires is waited for so long."""


class Orders:
    """Over the ledger's doors for jobs."""

    def __init__(self, ledger: JobLedger, signer: DocumentSigner, clock: CampusClock) -> None:
        """clock: of the campus, for what expires by it."""
        self._ledger = ledger
        self._signer = signer
        self._clock = clock

    def give(self, deed: Deed, devices: tuple[bytes, ...], job: Job, now: Now, begun_ms: int = 0) -> int:
        """The number of the job. job: who, why, when it expires, width and stop; the rest follows from the deed.
        begun_ms: this is another try at what the same person began then; a job that came of it is not made again."""
        expires_s = int(self._clock.at(job.expires_ms / 1000)) if job.expires_ms else 0
        order = Order(deed, expires_s)
        made_ms = begun_ms or now.unix_ms
        made = job._replace(verb=order.verb, body=order.encode(), run_ms=run_ms(deed), made_ms=made_ms)
        return self._make(Wish(made, devices, is_once=bool(begun_ms)), now)

    def cancel(self, number: int, who: str, reason: str, now: Now) -> int:
        """The number of the job of cancels, for rows that have left; 0: none had."""
        found = self._ledger.job(number)
        if found is None:
            raise _no_job(number)
        out = self._ledger.cancel(number, now)
        if not out:
            return 0
        expires_ms = now.unix_ms + CANCEL_MS
        bodies = {row.device: self._cancel_body(row, expires_ms) for row in out}
        verb = decode_order(next(iter(bodies.values()))).verb
        job = Job(0, verb, b"", who, reason, now.unix_ms, expires_ms, RUN_MS, cancels=number)
        return self._make(Wish(job, tuple(bodies), bodies), now)

    def retry(self, number: int, who: str, reason: str, expires_ms: int, now: Now) -> int:
        """A new job for the rows that failed, silent ones too; 0: none has."""
        found = self._ledger.job(number)
        if found is None:
            raise _no_job(number)
        job, rows = found[0].job, found[1]
        failed = tuple(row.device for row in rows if row.state in RETRIED)
        if job.cancels:
            raise ConfigFault(
                Text(f"任务 {number} 是撤回，请撤回任务 {job.cancels}", f"job {number} is a cancel itself")
            )
        if not failed:
            return 0
        wanted = job._replace(number=0, who=who, reason=reason, expires_ms=expires_ms, retries=number)
        return self.give(decode_order(job.body).deed, failed, wanted, now)

    def _cancel_body(self, row: JobRow, expires_ms: int) -> bytes:
        return Order(Cancel(row.generation), int(self._clock.at(expires_ms / 1000))).encode()

    def _make(self, wish: Wish, now: Now) -> int:
        key = newest_key(self._signer.document_keys(), DocumentKind.ORDER)
        if key is None:
            raise ConfigFault(Text("本校没有指令的文件密钥", "this campus has no document key for orders"))
        for _ in range(TRIES_MAX):
            heads = self._ledger.draft(wish, key.version, now)
            signed = [
                Signed(device, head.generation, wish.body(device), self._signer.sign_document(head))
                for device, head in zip(wish.devices, heads, strict=True)
            ]
            number = self._ledger.make(wish, signed, now)
            if number:
                return number
        raise RuleBroken("orders: the numbers were taken by others, time and again")


def run_ms(deed: Deed) -> int:
    """How long a terminal may be silent about an order that it has."""
    if isinstance(deed, CloseShift) or deed == SendLog(WHOLE):
        return RUN_MS + PIECES_MAX * PIECE_MS
    return RUN_MS + ((deed.last - deed.first + 1) * REREAD_MS if isinstance(deed, Reread) else 0)


def _no_job(number: int) -> ConfigFault:
    return ConfigFault(Text(f"没有任务 {number}", f"there is no job {number}"))
