"""The read side of the fleet's papers: documents, orders, parameters, firmware, releases of boxes. Never writes.

It asks as the reader does (reader.py): every answer is one snapshot.
"""

from collections.abc import Collection, Sequence

from cloud.ledger.fleet.boxes import door as read_boxes
from cloud.ledger.fleet.boxes.door import BoxesView
from cloud.ledger.fleet.documents import standing as read_documents
from cloud.ledger.fleet.documents.standing import DocumentsView
from cloud.ledger.fleet.draining import Undrained, undrained
from cloud.ledger.fleet.firmware import views as read_firmware
from cloud.ledger.fleet.firmware.releases import newest_trust
from cloud.ledger.fleet.firmware.state import TerminalRow
from cloud.ledger.fleet.firmware.views import FirmwareView, RolloutView
from cloud.ledger.fleet.jobs import rows as job_rows
from cloud.ledger.fleet.jobs import views as read_jobs
from cloud.ledger.fleet.jobs.pieces import Paper, papers
from cloud.ledger.fleet.jobs.state import Job, JobRow
from cloud.ledger.fleet.jobs.views import JobView, Stops
from cloud.ledger.fleet.parameters import door as read_parameters
from cloud.ledger.fleet.parameters import rows as read_pushes
from cloud.ledger.fleet.parameters.rows import KeptFile, Push
from cloud.ledger.loads.awaited import AwaitedNow, awaited_now
from cloud.ledger.read.fleet import swaps as read_swaps
from cloud.ledger.read.fleet.swaps import SwapView
from cloud.ledger.read.views import bounded
from cloud.ledger.records.values import Now
from cloud.store.asking import Asking
from shared.fleet.parameters import ParameterBody


class FleetReader:
    """What the fleet is told, what it said of it, and what stands against it."""

    def __init__(self, asking: Asking) -> None:
        self._ask = asking

    def documents(self) -> DocumentsView:
        """What every terminal should have, beside what it says that it uses."""
        return self._ask(read_documents.standing)

    def documents_of(self, device: bytes) -> list[read_documents.TerminalRow]:
        """The same of one terminal alone."""
        return self._ask(read_documents.rows_of_device, device)

    def awaited(self, now: Now) -> AwaitedNow:
        """Which cards every terminal should await now, and how many more there are."""
        return self._ask(awaited_now, now)

    def jobs(self) -> list[JobView]:
        """Orders to terminals, the newest last."""
        return self._ask(read_jobs.job_views)

    def job(self, number: int, now: Now) -> tuple[JobView, list[JobRow]] | None:
        """One of them and its rows, as of now; None: there is none."""
        return self._ask(read_jobs.job_view, number, now)

    def job_begun(self, who: str, made_ms: int) -> int:
        """The number of the job that this person made at this moment; 0: the books have none."""
        return self._ask(job_rows.number_of, who, made_ms)

    def jobs_of(self, devices: Sequence[bytes]) -> list[JobView]:
        """Jobs that have rows of these terminals, with those rows alone; the newest last."""
        return self._ask(read_jobs.job_views_of, devices)

    def orders_of(self, device: bytes, now: Now, most: int = 20) -> list[tuple[Job, JobRow]]:
        """What one terminal was ordered, the newest first, as of now."""
        return self._ask(read_jobs.orders_of, device, bounded(most), now)

    def locked(self) -> set[bytes]:
        """Terminals that are locked, or on their way to it, as far as orders say."""
        return self._ask(read_jobs.locked)

    def said(self, orders: Collection[tuple[bytes, int]]) -> dict[bytes, Paper]:
        """Terminal → what it said at length about that order of its own: a log, a slip."""
        return self._ask(papers, orders)

    def kinds(self) -> dict[bytes, str]:
        """Terminal → what kind of hardware it is."""
        return self._ask(read_jobs.kinds)

    def stops(self, devices: Collection[bytes], now: Now) -> list[Stops]:
        """What a lock of these terminals would stop."""
        return self._ask(read_jobs.stops, devices, now)

    def rollouts(self, now: Now) -> list[RolloutView]:
        """Roll-outs of firmware, the newest last."""
        return self._ask(read_firmware.rollout_views, now)

    def rollout(self, number: int, now: Now) -> tuple[RolloutView, list[TerminalRow]] | None:
        """One of them and its terminals, as of now; None: there is none."""
        return self._ask(read_firmware.rollout_view, number, now)

    def firmware(self) -> FirmwareView:
        """Releases that are here, each terminal's model, and what each says that it runs."""
        return self._ask(read_firmware.firmware)

    def box_releases(self, now: Now) -> BoxesView:
        """Releases of boxes that are here, what each box says that it runs, and roll-outs, the newest last."""
        return self._ask(read_boxes.view, now)

    def officers(self) -> bytes | None:
        """What the officers stand for, as it was brought here last; None: nothing was."""
        found = self._ask(newest_trust)
        return found[1] if found else None

    def undrained(self, now: Now) -> list[Undrained]:
        """Boxes and terminals that hold something, or may."""
        return self._ask(undrained, now)

    def parameter_pushes(self) -> list[tuple[Push, KeptFile]]:
        """All pushes of parameters, oldest first, each with its file."""
        return self._ask(read_pushes.history)

    def parameters_made(self, device: bytes, generation: int) -> ParameterBody | None:
        """What that generation of a terminal's parameters said; None: it was never made here."""
        return self._ask(read_parameters.body_made, device, generation)

    def swaps(self, now_ms: int) -> list[SwapView]:
        """Spare bodies in broken ones' places, oldest first."""
        return self._ask(read_swaps.swap_views, now_ms)
