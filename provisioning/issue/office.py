"""The issuing office: stock of blank bodies, batches, leases to machines; a pure state machine over durable rows.

A blank body, a line of an order and a card number belong to one lease at most, and a card number is never given twice:
what a returned lease did not use is void. The sum issued + spoiled + left + at the machines = received is checked from
three independent counts. Refuses overlapping ranges, more than there is, a lease over lines that are done or out, a
return that does not fit its lease. Bounds: LEASE_MAX lines a lease, STOCK_MAX bodies, SPARES numbers and bodies more
than lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from provisioning.issue.production import Lease, Run, Span
from shared.errors import ConfigFault, RuleBroken
from shared.words.voice import Text

LEASE_MAX = 500
STOCK_MAX = 1_000_000
NUMBER_MAX = 0xFFFF_FFFF
SPARES_LEAST = 3


def spares(lines: int) -> int:
    """Bodies and numbers beyond the lines of a lease, for spoiled ones: one in twenty, three at the least."""
    return max(SPARES_LEAST, lines // 20)


@dataclass(slots=True)
class Batch:
    """A batch in the office's eyes. free: lines that have no card and lie at no machine."""

    batch: str
    lines: int
    digest: str
    free: set[int] = field(default_factory=set)
    issued: int = 0
    spoiled: int = 0


class Sheet(NamedTuple):
    """The stock's sum. difference: received - (issued + spoiled + left + at_machines), 0 when all is well."""

    received: int
    issued: int
    spoiled: int
    left: int
    at_machines: int

    @property
    def difference(self) -> int:
        return self.received - (self.issued + self.spoiled + self.left + self.at_machines)


class Office:
    """State of the office. first_number: the first card number that no inventory has now; binds new leases only."""

    def __init__(self, first_number: int = 1) -> None:
        self.batches: dict[str, Batch] = {}
        self.leases: dict[int, Lease] = {}
        self.out: set[int] = set()
        self._first_number = first_number
        self._numbers_given = 0
        self._received = 0
        self._issued = 0
        self._spoiled = 0
        self._left: set[int] = set()
        self._ever: set[int] = set()

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, Any]], first_number: int = 1) -> Office:
        """From the office's journal; RuleBroken when a row cannot follow."""
        office = cls(first_number)
        for row in rows:
            office.apply(row)
        return office

    @property
    def next_number(self) -> int:
        """The lowest card number that was never given to anybody."""
        return max(self._first_number, self._numbers_given + 1)

    def sheet(self) -> Sheet:
        """The sum of the stock now."""
        away = sum(self.leases[lease].blanks.size for lease in self.out)
        return Sheet(self._received, self._issued, self._spoiled, len(self._left), away)

    # --- rows, made after checking; ConfigFault says what is wrong ------------------------------------------------

    def receive(self, blanks: Span, who: str, at: int) -> dict[str, Any]:
        """New blank bodies come into the stock."""
        if not 1 <= blanks.first <= blanks.last <= NUMBER_MAX or len(self._ever) + blanks.size > STOCK_MAX:
            raise ConfigFault(
                Text(
                    f"空白卡号段不对：{blanks.first}..{blanks.last}",
                    f"not a range of bodies: {blanks.first}..{blanks.last}",
                )
            )
        if any(blank in self._ever for blank in range(blanks.first, blanks.last + 1)):
            raise ConfigFault(Text("其中有号码已入过库", "some of these bodies were received before"))
        return {"row": "received", "blanks": list(blanks), "who": who, "at": at}

    def spoil(self, blank: int, who: str, reason: str, at: int) -> dict[str, Any]:
        """A body in the stock is damaged."""
        if blank not in self._left:
            raise ConfigFault(Text(f"空白卡 {blank} 不在库", f"body {blank} is not in the stock"))
        return {"row": "spoiled", "blank": blank, "who": who, "reason": reason, "at": at}

    def start(self, batch: str, lines: int, digest: str, who: str, at: int) -> dict[str, Any]:
        """A new batch."""
        if batch in self.batches:
            raise ConfigFault(Text(f"批次已有：{batch}", f"there is a batch of this name: {batch}"))
        return {"row": "batch", "batch": batch, "lines": lines, "digest": digest, "who": who, "at": at}

    def lease(
        self, batch: str, machine: str, version: int, most: int, who: str, at: int
    ) -> tuple[Lease, dict[str, Any]]:
        """The next free lines of a batch for a machine, with numbers and bodies; fewer when the stock is broken up."""
        free = self._batch(batch).free
        if any(self.leases[lease].machine == machine for lease in self.out):
            raise ConfigFault(Text(f"{machine}: 先交回手上的一段", f"{machine}: return the lease in hand first"))
        if not free:
            raise ConfigFault(Text(f"{batch}: 没有待制的行", f"{batch}: no line is free"))
        if not self._left:
            raise ConfigFault(Text("没有空白卡", "no blank body is in the stock"))
        lines = _first_run(free, min(most, LEASE_MAX))
        blanks = _first_run(self._left, lines.size + spares(lines.size))
        lines = Span(lines.first, lines.first + min(lines.size, blanks.size) - 1)
        number = self.next_number
        numbers = Span(number, number + blanks.size - 1)
        if numbers.last > NUMBER_MAX:
            raise ConfigFault(Text("卡号已用完", "no card number is left"))
        lease = Lease(len(self.leases) + 1, batch, machine, version, lines, numbers, blanks)
        return lease, lease.to_row() | {"who": who, "at": at}

    def take_back(self, run: Run, who: str, at: int) -> dict[str, Any]:
        """A machine's lease comes back with its journal; an unfinished body must be decided first."""
        lease = run.lease
        if lease.lease not in self.out or self.leases[lease.lease] != lease:
            raise ConfigFault(
                Text(f"段 {lease.lease} 不在外，或不是同一段", f"lease {lease.lease} is not out, or is another one")
            )
        if run.open is not None:
            raise ConfigFault(Text(f"空白卡 {run.open.blank} 未完成", f"body {run.open.blank} is unfinished"))
        done, spoiled = run.done, run.spoiled
        return {
            "row": "returned", "lease": lease.lease, "issued": _spans(one.blank for one in done),
            "spoiled": _spans(one.blank for one in spoiled), "lines": _spans(one.line for one in done),
            "who": who, "at": at,
        }  # fmt: skip

    def write_off(self, lease: int, who: str, at: int) -> dict[str, Any]:
        """A machine's journal is lost: its bodies are waste, its numbers void, its lines wanted again.

        Cards that it made are in no inventory, so the platform refuses them.
        """
        if lease not in self.out:
            raise ConfigFault(Text(f"段 {lease} 不在外", f"lease {lease} is not out"))
        spans = [list(self.leases[lease].blanks)]
        return {"row": "returned", "lease": lease, "issued": [], "spoiled": spans, "lines": [], "who": who, "at": at}

    def count(self, left: int, who: str, at: int) -> dict[str, Any]:
        """Somebody counted the bodies in the stock; the row says by how much that differs."""
        return {"row": "counted", "left": left, "difference": left - len(self._left), "who": who, "at": at}

    # --- applying -------------------------------------------------------------------------------------------------

    def apply(self, row: Mapping[str, Any]) -> None:
        """Take a row that is durable; RuleBroken when it is none of ours or cannot follow."""
        match row.get("row"):
            case "received":
                self._take_received(row)
            case "spoiled":
                self._remove({row["blank"]})
                self._spoiled += 1
            case "batch":
                self._take_batch(row)
            case "lease":
                self._take_lease(row)
            case "returned":
                self._take_returned(row)
            case "counted":
                pass  # what was found is told, and changes nothing by itself
            case _:
                raise RuleBroken(Text("制卡日志中有未知种类的行", "the office's journal has a row of unknown kind"))

    def _take_received(self, row: Mapping[str, Any]) -> None:
        blanks = set(_numbers([row["blanks"]]))
        if blanks & self._ever:
            raise RuleBroken(Text("空白卡入库两次", "a blank body was received twice"))
        self._ever |= blanks
        self._left |= blanks
        self._received += len(blanks)

    def _take_batch(self, row: Mapping[str, Any]) -> None:
        lines: int = row["lines"]
        self.batches[row["batch"]] = Batch(row["batch"], lines, row["digest"], set(range(1, lines + 1)))

    def _take_lease(self, row: Mapping[str, Any]) -> None:
        lease = Lease.of_row(row)
        lines = set(_numbers([lease.lines]))
        free = self._batch(lease.batch).free
        if not lines <= free or lease.numbers.first <= self._numbers_given or lease.lease in self.leases:
            raise RuleBroken(Text(f"第 {lease.lease} 段领了不在库的", f"lease {lease.lease} gives what is not free"))
        self._remove(set(_numbers([lease.blanks])))
        free -= lines
        self._numbers_given = lease.numbers.last
        self.leases[lease.lease] = lease
        self.out.add(lease.lease)

    def _take_returned(self, row: Mapping[str, Any]) -> None:
        if row["lease"] not in self.out:
            raise RuleBroken(Text(f"第 {row['lease']} 段不在外", f"lease {row['lease']} is not out"))
        lease, batch = self.leases[row["lease"]], self._batch(self.leases[row["lease"]].batch)
        issued, spoiled, lines = (set(_numbers(row[name])) for name in ("issued", "spoiled", "lines"))
        all_blanks, all_lines = set(_numbers([lease.blanks])), set(_numbers([lease.lines]))
        fits = issued | spoiled <= all_blanks and lines <= all_lines
        if not fits or issued & spoiled or len(lines) != len(issued):
            raise RuleBroken(
                Text(f"第 {lease.lease} 段交回的与领的不符", f"the return of lease {lease.lease} does not fit it")
            )
        self._left |= all_blanks - issued - spoiled
        batch.free |= all_lines - lines
        batch.issued += len(issued)
        batch.spoiled += len(spoiled)
        self._issued += len(issued)
        self._spoiled += len(spoiled)
        self.out.discard(lease.lease)

    def _remove(self, blanks: set[int]) -> None:
        if not blanks <= self._left:
            raise RuleBroken(Text("空白卡不在库", "a blank body is not in the stock"))
        self._left -= blanks

    def _batch(self, name: str) -> Batch:
        if name not in self.batches:
            raise ConfigFault(Text(f"没有此批次：{name[:32]!r}", f"no such batch: {name[:32]!r}"))
        return self.batches[name]


def _first_run(numbers: set[int], most: int) -> Span:
    first = last = min(numbers)
    while last + 1 in numbers and last - first + 1 < most:
        last += 1
    return Span(first, last)


def _numbers(spans: Iterable[Iterable[int]]) -> Iterable[int]:
    for first, last in spans:
        yield from range(first, last + 1)


def _spans(numbers: Iterable[int]) -> list[list[int]]:
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] + 1 == number:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return spans
