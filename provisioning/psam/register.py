"""The register of PSAMs: which there are, what each holds, where it is; and swap orders 换机单. Pure, over rows.

A PSAM id is given once, ever. stock → issued (to a person, on the way) → in body → back to stock; from anywhere to
stolen or scrapped, which is final, but that a stolen one may be found again 找回. A swap order names the body, the
PSAM to come out and the one to go in, and is closed by what the fitter found. Refuses an id that stands already, a PSAM
in two bodies, a body with two PSAMs, a step from a place where the PSAM is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from provisioning.plan import numbers
from shared.errors import ConfigFault, RuleBroken
from shared.ids import DeviceId, PsamId, device_id, psam_id
from shared.words.voice import Text

PSAMS_MAX = 100_000


class PsamState(StrEnum):
    """Where a PSAM is. STOLEN and SCRAPPED are for ever."""

    STOCK = "stock"
    ISSUED = "issued"
    IN_BODY = "in-body"
    STOLEN = "stolen"
    SCRAPPED = "scrapped"

    @property
    def is_final(self) -> bool:
        return self in (PsamState.STOLEN, PsamState.SCRAPPED)

    @property
    def said(self) -> Text:
        """For people; the value is what is typed, and what files and programs have."""
        return _SAID[self]


_SAID = {
    PsamState.STOCK: Text("在库", "in stock"),
    PsamState.ISSUED: Text("已出库", "issued"),
    PsamState.IN_BODY: Text("已装机", "in a body"),
    PsamState.STOLEN: Text("被盗", "stolen"),
    PsamState.SCRAPPED: Text("已报废", "scrapped"),
}


_FROM = {
    PsamState.ISSUED: (PsamState.STOCK,),
    PsamState.IN_BODY: (PsamState.STOCK, PsamState.ISSUED),
    PsamState.STOCK: (PsamState.ISSUED, PsamState.IN_BODY),
    PsamState.STOLEN: (PsamState.STOCK, PsamState.ISSUED, PsamState.IN_BODY),
    PsamState.SCRAPPED: (PsamState.STOCK, PsamState.ISSUED, PsamState.IN_BODY),
}


@dataclass(frozen=True, slots=True)
class PsamEntry:
    """One PSAM. versions: its purchase masters; device: its body, or the last one it was in; since: campus seconds.

    is_written False: it has its number, and its chip may not hold its keys yet.
    """

    psam: PsamId
    number: int
    versions: tuple[int, ...]
    state: PsamState
    device: DeviceId | None
    since: int
    is_written: bool = True


class Stay(NamedTuple):
    """A PSAM was in a body from one campus second to another; until None: still."""

    psam: PsamId
    device: DeviceId
    since: int
    until: int | None


class SwapOrder(NamedTuple):
    """换机单. closed: campus second, None while open."""

    order: int
    device: DeviceId
    out: PsamId
    into: PsamId
    reason: str
    closed: int | None


class Register:
    """All PSAMs of a campus."""

    def __init__(self, campus: int) -> None:
        self._campus = campus
        self._entries: dict[PsamId, PsamEntry] = {}
        self._highest = 0
        self._bodies: dict[DeviceId, PsamId] = {}
        self.stays: list[Stay] = []
        self.orders: dict[int, SwapOrder] = {}

    @classmethod
    def of_rows(cls, campus: int, rows: Iterable[Mapping[str, Any]]) -> Register:
        """From the journal; RuleBroken when a row cannot follow."""
        register = cls(campus)
        for row in rows:
            register.apply(row)
        return register

    @property
    def entries(self) -> tuple[PsamEntry, ...]:
        """All, in the order they were made."""
        return tuple(self._entries.values())

    @property
    def live(self) -> tuple[PsamEntry, ...]:
        """Those that may still sell."""
        return tuple(entry for entry in self.entries if not entry.state.is_final)

    @property
    def next_number(self) -> int:
        """The lowest number that no PSAM ever had."""
        return self._highest + 1

    def entry(self, psam: PsamId) -> PsamEntry:
        """ConfigFault when there is none."""
        if psam not in self._entries:
            raise ConfigFault(Text(f"登记簿中没有 PSAM {psam.hex()}", f"the register has no PSAM {psam.hex()}"))
        return self._entries[psam]

    def in_body(self, device: DeviceId) -> PsamId | None:
        """The PSAM in that body now."""
        return self._bodies.get(device)

    def stays_of(self, psam: PsamId) -> list[Stay]:
        """Every body it was in, with the times: what to look through after a theft."""
        return [stay for stay in self.stays if stay.psam == psam]

    # --- rows -----------------------------------------------------------------------------------------------------

    def make(self, versions: Sequence[int], who: str, at: int) -> dict[str, Any]:
        """A new PSAM with a number that nobody had, into the stock. Its chip is written next: `written`."""
        if not versions or len(self._entries) >= PSAMS_MAX:
            raise ConfigFault(
                Text(f"没有密钥版本，或超过 {PSAMS_MAX} 个", f"no key version, or more than {PSAMS_MAX} PSAMs")
            )
        number = self.next_number
        psam = numbers.psam(self._campus, number).hex()
        made = {"row": "made", "psam": psam, "number": number, "versions": sorted(versions), "who": who, "at": at}
        return made | {"written": False}

    def written(self, psam: PsamId, who: str, at: int) -> dict[str, Any]:
        """Its chip holds its keys."""
        if self.entry(psam).is_written:
            raise ConfigFault(Text(f"PSAM {psam.hex()} 已写过", f"PSAM {psam.hex()} is written already"))
        return {"row": "written", "psam": psam.hex(), "who": who, "at": at}

    @property
    def unwritten(self) -> tuple[PsamEntry, ...]:
        """Those whose making was broken off."""
        return tuple(entry for entry in self.entries if not entry.is_written and not entry.state.is_final)

    def adopt(self, psam: PsamId, device: DeviceId, versions: Sequence[int], who: str, at: int) -> list[dict[str, Any]]:
        """A PSAM that the campus was made with, and is in its body already."""
        number = numbers.psam_number(self._campus, psam)
        made = {"row": "made", "psam": psam.hex(), "number": number, "versions": sorted(versions), "who": who, "at": at}
        return [made, _state_row(psam, PsamState.IN_BODY, who, at, device)]

    def move(
        self, psam: PsamId, state: PsamState, who: str, at: int, device: DeviceId | None = None, reason: str = ""
    ) -> dict[str, Any]:
        """To another place; ConfigFault with the reason when that is not possible."""
        self._require_move(psam, state, device)
        return _state_row(psam, state, who, at, device) | ({"reason": reason} if reason else {})

    def found(self, psam: PsamId, who: str, at: int, reason: str) -> dict[str, Any]:
        """A stolen one is in our hands again: in its body, if it is in one and that has got no other; else in stock."""
        entry = self.entry(psam)
        if entry.state is not PsamState.STOLEN:
            raise ConfigFault(Text(f"PSAM {psam.hex()} 未登记为被盗", f"PSAM {psam.hex()} is not stolen"))
        was_in = [stay.device for stay in self.stays_of(psam) if stay.until == entry.since]
        body = {"device": was_in[-1].hex()} if was_in and was_in[-1] not in self._bodies else {}
        return {"row": "found", "psam": psam.hex(), "who": who, "at": at, "reason": reason} | body

    def renew(self, psam: PsamId, versions: Sequence[int], who: str, at: int) -> dict[str, Any]:
        """Its purchase masters are these from now on."""
        if self.entry(psam).state.is_final or not versions:
            raise ConfigFault(
                Text(
                    f"PSAM {psam.hex()} 已作废，或不再有密钥", f"PSAM {psam.hex()} is out of use, or would hold no key"
                )
            )
        return {"row": "versions", "psam": psam.hex(), "versions": sorted(versions), "who": who, "at": at}

    def order_swap(self, device: DeviceId, into: PsamId, reason: str, who: str, at: int) -> dict[str, Any]:
        """A swap order for the body: its PSAM comes out, `into` goes in."""
        out = self.in_body(device)
        if out is None:
            raise ConfigFault(Text(f"终端 {device.hex()} 内没有 PSAM", f"there is no PSAM in the body {device.hex()}"))
        if any(order.closed is None and device == order.device for order in self.orders.values()):
            raise ConfigFault(
                Text(f"终端 {device.hex()} 已有未完成的换机单", f"a swap order is open for the body {device.hex()}")
            )
        if self.entry(into).state not in (PsamState.STOCK, PsamState.ISSUED) or not self.entry(into).is_written:
            raise ConfigFault(Text(f"PSAM {into.hex()} 不在库，不能装入", f"PSAM {into.hex()} is not free to go in"))
        number = len(self.orders) + 1
        pair = {"device": device.hex(), "out": out.hex(), "in": into.hex()}
        return {"row": "order", "order": number} | pair | {"reason": reason, "who": who, "at": at}

    def close_swap(self, order: int, out_state: PsamState, who: str, at: int) -> list[dict[str, Any]]:
        """The fitter is back: the old one went to stock, was scrapped, or was not there any more (stolen)."""
        found = self.orders.get(order)
        if found is None or found.closed is not None:
            raise ConfigFault(Text(f"没有未完成的换机单 {order}", f"there is no open swap order {order}"))
        if out_state not in (PsamState.STOCK, PsamState.SCRAPPED, PsamState.STOLEN):
            raise ConfigFault(Text("旧 PSAM 只能入库、报废或被盗", "the old PSAM is in stock, scrapped or stolen"))
        closed = {"row": "closed", "order": order, "who": who, "at": at}
        gone = _state_row(found.out, out_state, who, at)
        leave = [] if self.entry(found.out).state.is_final else [gone]
        return [*leave, _state_row(found.into, PsamState.IN_BODY, who, at, found.device), closed]

    # --- applying -------------------------------------------------------------------------------------------------

    def apply(self, row: Mapping[str, Any]) -> None:
        """Take a row that is durable; RuleBroken when it cannot follow."""
        try:
            match row["row"]:
                case "made":
                    self._take_made(row)
                case "state":
                    self._take_state(row)
                case "versions":
                    psam = psam_id(bytes.fromhex(row["psam"]))
                    self._entries[psam] = replace(self.entry(psam), versions=tuple(row["versions"]))
                case "found":
                    self._take_found(row)
                case "written":
                    psam = psam_id(bytes.fromhex(row["psam"]))
                    self._entries[psam] = replace(self.entry(psam), is_written=True)
                case "order":
                    device, out, into = (bytes.fromhex(row[name]) for name in ("device", "out", "in"))
                    order = SwapOrder(row["order"], DeviceId(device), PsamId(out), PsamId(into), row["reason"], None)
                    self.orders[order.order] = order
                case "closed":
                    self.orders[row["order"]] = self.orders[row["order"]]._replace(closed=row["at"])
                case _:
                    raise RuleBroken(Text("登记簿中有未知种类的行", "the register has a row of unknown kind"))
        except (KeyError, ConfigFault) as fault:
            raise RuleBroken(
                Text(f"登记簿中有一行接不上：{fault}", f"the register has a row that cannot follow: {fault}")
            ) from fault

    def _take_made(self, row: Mapping[str, Any]) -> None:
        psam = psam_id(bytes.fromhex(row["psam"]))
        if psam in self._entries:
            raise RuleBroken(Text(f"PSAM {psam.hex()} 造了两次", f"PSAM {psam.hex()} was made twice"))
        is_written = row.get("written", True)
        self._entries[psam] = PsamEntry(
            psam, row["number"], tuple(row["versions"]), PsamState.STOCK, None, row["at"], is_written
        )
        self._highest = max(self._highest, row["number"])

    def _take_state(self, row: Mapping[str, Any]) -> None:
        psam, state = psam_id(bytes.fromhex(row["psam"])), PsamState(row["state"])
        device = device_id(bytes.fromhex(row["device"])) if row.get("device") else None
        self._require_move(psam, state, device)
        entry = self.entry(psam)
        if entry.state is PsamState.IN_BODY:
            self._leave(entry, row["at"])
        if state is PsamState.IN_BODY and device is not None:
            self._bodies[device] = psam
            self.stays.append(Stay(psam, device, row["at"], None))
        last = device or entry.device
        self._entries[psam] = replace(entry, state=state, device=last, since=row["at"])

    def _take_found(self, row: Mapping[str, Any]) -> None:
        psam = psam_id(bytes.fromhex(row["psam"]))
        entry = self.entry(psam)
        if entry.state is not PsamState.STOLEN:
            raise RuleBroken(Text(f"PSAM {psam.hex()} 未曾被盗却找回", f"PSAM {psam.hex()} was found and never stolen"))
        self._entries[psam] = replace(entry, state=PsamState.STOCK, since=row["at"])
        if row.get("device"):
            self._take_state({**row, "state": PsamState.IN_BODY.value})

    def _leave(self, entry: PsamEntry, at: int) -> None:
        self._bodies = {device: psam for device, psam in self._bodies.items() if psam != entry.psam}
        self.stays = [
            stay._replace(until=at) if stay.psam == entry.psam and stay.until is None else stay for stay in self.stays
        ]

    def _require_move(self, psam: PsamId, state: PsamState, device: DeviceId | None) -> None:
        now = self.entry(psam).state
        if not self.entry(psam).is_written and not state.is_final:
            raise ConfigFault(
                Text(
                    f"PSAM {psam.hex()} 未写完：再执行 psam make",
                    f"PSAM {psam.hex()} is not written yet: psam make again",
                )
            )
        if now not in _FROM[state]:
            raise ConfigFault(
                Text(f"PSAM {psam.hex()} 不能从 {now} 到 {state}", f"PSAM {psam.hex()} cannot go from {now} to {state}")
            )
        if (device is None) is (state is PsamState.IN_BODY):
            raise ConfigFault(
                Text(
                    f"{state}: 装入终端时须指明终端，否则不得指明",
                    f"{state}: a body is named exactly when it goes into one",
                )
            )
        if device is not None and device in self._bodies:
            raise ConfigFault(Text(f"终端 {device.hex()} 内已有 PSAM", f"there is a PSAM in the body {device.hex()}"))


def _state_row(psam: PsamId, state: PsamState, who: str, at: int, device: DeviceId | None = None) -> dict[str, Any]:
    row = {"row": "state", "psam": psam.hex(), "state": state.value, "who": who, "at": at}
    return row | ({"device": device.hex()} if device else {})
