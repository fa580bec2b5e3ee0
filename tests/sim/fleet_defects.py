"""Planted defects of the way down: see defects.py. Each is a mistake of a terminal, a box or the centre."""

from cloud.ledger.held.losses.waiting import Waiting
from cloud.store.db import Database
from edge.box.values.effects import Command, KeepDocument
from edge.terminal.down.ages import FRESH_S
from edge.terminal.down.orders import NAME as ORDERS
from edge.terminal.down.orders import read_state
from edge.terminal.firmware.firmware import Firmware
from shared.errors import WireFault
from shared.fleet.document import DocumentKind, decode_head
from tests.sim.edge_part import EdgePart
from tests.sim.ingest_part import IngestPart
from tests.sim.papers import SimPapers
from tests.sim.terminal_part import TerminalPart


class Changed(TerminalPart):
    """A terminal in whose firmware something is changed before it boots."""

    def watched(self, firmware: Firmware) -> None:
        super().watched(firmware)
        self.change(firmware)

    def change(self, firmware: Firmware) -> None:
        """The defect."""
        raise NotImplementedError


class TakesOlder(Changed):
    """Whatever is offered and has a right signature is taken."""

    def change(self, firmware: Firmware) -> None:
        firmware.body.documents._newest = lambda name: None  # type: ignore[method-assign]


class BelievesItsBox(Changed):
    """What a box brings is from the centre: no signature is looked at."""

    def change(self, firmware: Firmware) -> None:
        ring = firmware.body.documents._ring
        if ring is not None:
            ring.opened = lambda signed: decode_head(signed.raw) if ring.key_for(decode_head(signed.raw)) else None  # type: ignore[method-assign]


class AsksNoList(Changed):
    """The hotlist is fetched, kept, reported, and not asked."""

    def change(self, firmware: Firmware) -> None:
        firmware.body.is_listed = lambda card, index: False  # type: ignore[method-assign]


class ListsInATap(Changed):
    """A hotlist takes effect at once, also between a tap's question and its debit."""

    def change(self, firmware: Firmware) -> None:
        firmware.body.documents.is_in_tap = lambda: False


class WaitsForTheList(Changed):
    """Whoever has an old list sells nothing before it has a newer one, however long that takes."""

    def change(self, firmware: Firmware) -> None:
        documents = firmware.body.documents

        def is_old(_: float, campus_s: int | None) -> bool:
            paper = documents.in_use(DocumentKind.HOTLIST)
            return paper is not None and campus_s is not None and campus_s - paper.head.as_of >= FRESH_S

        documents.is_catching_up = is_old  # type: ignore[method-assign]


class TriesForEver(Changed):
    """An image that has failed is tried at every boot."""

    def change(self, firmware: Firmware) -> None:
        firmware.body.documents.trials.is_condemned = lambda digest: False  # type: ignore[method-assign]


class BeginsAgain(Changed):
    """An order that the power cut off is begun once more."""

    def change(self, firmware: Firmware) -> None:
        held = self.papers.held if self.papers is not None else {}
        try:
            if ORDERS in held and read_state(held[ORDERS]).is_begun:
                del held[ORDERS]
        except WireFault:
            return


class LazyPapers(SimPapers):
    """Says that a paper is kept, and keeps it with the next one."""

    def keep(self, name: str, raw: bytes) -> None:
        for pending in [*self._late]:
            super().keep(pending, self._late.pop(pending))
        self._late[name] = raw

    @property
    def _late(self) -> dict[str, bytes]:
        return self.__dict__.setdefault("_waiting", {})  # type: ignore[no-any-return]


class ReportsTooEarly(TerminalPart):
    """A document is reported before it is durable."""

    papers_form = LazyPapers


class HoldsTooEarly(EdgePart):
    """A box counts a document when it gives it to its outbox."""

    def _enqueue(self, command: Command) -> None:
        super()._enqueue(command)
        if isinstance(command, KeepDocument) and self.box is not None:
            self.box._documents.kept(command)


class ReleasesAtOnce(IngestPart):
    """What a lost card had left is released though some terminal has not said that it refuses it."""

    def waits_for(self, db: Database, card: bytes, since_ms: int, gone: frozenset[bytes]) -> list[Waiting]:
        return [one for one in super().waits_for(db, card, since_ms, gone) if not one.accepts]
