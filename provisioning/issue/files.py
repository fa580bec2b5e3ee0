"""The issuing office on disk: DATA/production with the office's journal, the orders, and a folder for each lease.

A lease's folder (order, terms, journal) is all that a machine needs beside the keys: it may be carried to another
computer and back. The folder is made before the office's row says that the lease is out, so a lease that is out has its
journal; a journal that is lost is written off, never begun again. Every step is in the custody log.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

from provisioning.custody.chain import Act, deed
from provisioning.custody.journal import Journal, open_journal, read_journal, write_private
from provisioning.custody.notes import noted
from provisioning.custody.vault import Vault
from provisioning.issue.jobs import School
from provisioning.issue.office import Office, Sheet
from provisioning.issue.order import Order, parse_order
from provisioning.issue.personalise import Validity
from provisioning.issue.production import Lease, Run, Span
from shared.errors import ConfigFault, RuleBroken
from shared.words.voice import Text

FOLDER = "production"
OFFICE, WORK, ORDER, TERMS = "office.journal", "work.journal", "order.json", "terms.json"

_RECEIVED, _SPOILED = noted(Text("入库", "received")), noted(Text("报废", "spoiled"))
_COUNTED, _DIFFERENCE = noted(Text("盘点", "counted")), noted(Text("差", "difference"))
_CARDS, _GOOD = noted(Text("张", "cards")), noted(Text("好卡", "good"))
_OUT, _BACK = noted(Text("领", "out")), noted(Text("交", "back"))
_WRITTEN_OFF = noted(Text("报失", "written off"))
_LINES, _NUMBERS = noted(Text("行", "lines")), noted(Text("卡号", "numbers"))
"""Of notes in the custody log."""


class LeaseFolder(NamedTuple):
    """One lease as a machine sees it."""

    path: Path

    @property
    def order(self) -> Order:
        return parse_order((self.path / ORDER).read_bytes())

    def school(self, version: int) -> School:
        """What the batch's cards share; version: the lease's."""
        told = json.loads((self.path / TERMS).read_bytes())
        dates = Validity(told["issued"], told["expires"])
        subsidy_expiry = bytes.fromhex(told.get("subsidy_expiry", ""))
        return School(told["region"], told["campus"], dates, version, told["ceiling_fen"], subsidy_expiry)

    def run(self) -> Run:
        """Its state now, read without holding it; ConfigFault when its journal is lost."""
        if not (self.path / WORK).exists():
            raise ConfigFault(
                Text(
                    f"{self.path.name}: 制卡日志不在，应报失",
                    f"{self.path.name}: the journal is not there: write the lease off",
                )
            )
        return Run.of_rows(read_journal(self.path / WORK))

    @contextmanager
    def working(self) -> Iterator[tuple[Run, Journal]]:
        """Its journal held by this machine alone."""
        if not (self.path / WORK).exists():
            raise ConfigFault(Text(f"{self.path.name}: 制卡日志不在", f"{self.path.name}: the journal is not there"))
        with open_journal(self.path / WORK, wait_s=0) as journal:
            yield Run.of_rows(journal.rows), journal


@dataclass(frozen=True, slots=True)
class Batches:
    """The office. first_number: asked each time for the first card number that no inventory has; now: campus
    seconds."""

    data: Path
    vault: Vault
    first_number: Callable[[], int]
    now: Callable[[], int]

    @property
    def folder(self) -> Path:
        return self.data / FOLDER

    def office(self) -> Office:
        """Its state now."""
        return Office.of_rows(read_journal(self.folder / OFFICE), self.first_number())

    @contextmanager
    def closed(self) -> Iterator[int]:
        """No lease goes out meanwhile; gives the lowest card number that nobody ever had."""
        with self._opened() as (office, _):
            yield office.next_number

    def receive(self, blanks: Span, who: str, make: Callable[[], None] = lambda: None) -> Sheet:
        """Blank bodies come in. make: makes them, for a virtual campus, before the office says that they are there."""
        with self._opened() as (office, journal):
            row = office.receive(blanks, who, self.now())
            make()
            self._tell(Act.STOCK, who, f"{_RECEIVED} {blanks.first}..{blanks.last}")
            return self._take(office, journal, row).sheet()

    def spoil(self, blank: int, who: str, reason: str) -> Sheet:
        """A body in the stock is waste."""
        with self._opened() as (office, journal):
            row = office.spoil(blank, who, reason, self.now())
            self._tell(Act.STOCK, who, f"{_SPOILED} {blank}: {reason}")
            return self._take(office, journal, row).sheet()

    def count(self, left: int, who: str) -> int:
        """Somebody counted; gives the difference to what should be there."""
        with self._opened() as (office, journal):
            row = office.count(left, who, self.now())
            self._tell(Act.STOCK, who, f"{_COUNTED} {left}, {_DIFFERENCE} {row['difference']}")
            self._take(office, journal, row)
            return int(row["difference"])

    def start(self, order: Order, terms: School, who: str) -> Order:
        """A new batch; the same order again is a success."""
        with self._opened() as (office, journal):
            known = office.batches.get(order.batch)
            if known is not None and known.digest == order.digest:
                return order
            row = office.start(order.batch, len(order.lines), order.digest, who, self.now())
            folder = self.folder / "batches" / order.batch
            folder.mkdir(parents=True, exist_ok=True)
            write_private(folder / ORDER, order.encode())
            write_private(folder / TERMS, _terms(terms))
            self._tell(Act.BATCH, who, f"{order.batch}: {len(order.lines)} {_CARDS}, SHA-256 {order.digest}")
            self._take(office, journal, row)
            return order

    def lease(self, batch: str, machine: str, version: int, most: int, who: str) -> LeaseFolder:
        """The next lines for a machine."""
        with self._opened() as (office, journal):
            lease, row = office.lease(batch, machine, version, most, who, self.now())
            folder = self.lease_folder(lease.lease)
            self._lay_out(folder, lease)
            self._tell(Act.BATCH, who, _lease_text(_OUT, lease))
            self._take(office, journal, row)
            return folder

    def take_back(self, number: int, who: str) -> Run:
        """A lease comes back."""
        with self._opened() as (office, journal):
            run = self.lease_folder(number).run()
            row = office.take_back(run, who, self.now())
            told = f"{_GOOD} {len(run.done)}, {_SPOILED} {len(run.spoiled)}"
            self._tell(Act.BATCH, who, f"{_lease_text(_BACK, run.lease)}: {told}")
            self._take(office, journal, row)
            return run

    def write_off(self, number: int, who: str) -> Sheet:
        """A lease whose journal is lost."""
        with self._opened() as (office, journal):
            row = office.write_off(number, who, self.now())
            self._tell(Act.BATCH, who, _lease_text(_WRITTEN_OFF, office.leases[number]))
            return self._take(office, journal, row).sheet()

    def of_machine(self, machine: str) -> LeaseFolder:
        """The lease that a machine has in hand."""
        office = self.office()
        for number in sorted(office.out):
            if office.leases[number].machine == machine:
                return self.lease_folder(number)
        raise ConfigFault(Text(f"{machine}: 手上没有任务段", f"{machine}: has no lease in hand"))

    def lease_folder(self, number: int) -> LeaseFolder:
        """Where a lease lies."""
        return LeaseFolder(self.folder / "leases" / f"{number:04d}")

    def all_leases(self) -> list[LeaseFolder]:
        """Every lease whose journal is there."""
        folders = (self.lease_folder(number) for number in self.office().leases)
        return [folder for folder in folders if (folder.path / WORK).exists()]

    def _lay_out(self, folder: LeaseFolder, lease: Lease) -> None:
        if folder.path.exists():
            rmtree(folder.path)  # of a lease that never came to be: the office has no row of it
        folder.path.mkdir(parents=True)
        batch = self.folder / "batches" / lease.batch
        for name in (ORDER, TERMS):
            write_private(folder.path / name, (batch / name).read_bytes())
        with open_journal(folder.path / WORK) as journal:
            journal.append(lease.to_row())

    def _tell(self, act: Act, who: str, note: str) -> None:
        self.vault.record([deed(self.now(), act, who, note[:160])])

    def _take(self, office: Office, journal: Journal, row: dict[str, Any]) -> Office:
        office.apply(row)  # refuses before the row is durable
        journal.append(row)
        return office

    @contextmanager
    def _opened(self) -> Iterator[tuple[Office, Journal]]:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with open_journal(self.folder / OFFICE) as journal:
            yield Office.of_rows(journal.rows, self.first_number()), journal


def leased_expiries(data: Path) -> Iterator[tuple[int, int]]:
    """Key version and expiry of the cards of every lease, those that are being made now among them."""
    for path in sorted((data / FOLDER / "leases").glob(f"*/{WORK}")):
        folder = LeaseFolder(path.parent)
        version = folder.run().lease.version
        yield version, folder.school(version).dates.expires


def _terms(school: School) -> bytes:
    told = {
        "region": school.region, "campus": school.campus, "issued": school.dates.issued,
        "expires": school.dates.expires, "ceiling_fen": school.ceiling_fen,
        "subsidy_expiry": school.subsidy_expiry.hex(),
    }  # fmt: skip
    return json.dumps(told, indent=1).encode() + b"\n"


def _lease_text(what: str, lease: Lease) -> str:
    if lease.lines.size < 1:
        raise RuleBroken(Text("一段没有行", "a lease without lines"))
    lines, numbers = lease.lines, lease.numbers
    return (
        f"{what} {lease.lease} {lease.batch} {lease.machine}: {_LINES} {lines.first}..{lines.last}, "
        f"{_NUMBERS} {numbers.first}..{numbers.last}"
    )
