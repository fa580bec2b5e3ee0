"""What a standing campus gets by its new plan, as files: first those that are new, then those that are read anew.

Numbers are given once and kept in a note before anything is written, so a run that was cut ends with the same ones.
Everything here may be done again: a file with a secret that is there is kept, and a pair of files is made anew unless
its last one is there. The inventory comes last: until then nobody believes in what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from provisioning.campus.file import File
from provisioning.campus.links import end_files, link_files
from provisioning.campus.settings import (
    Body,
    PublicKeys,
    Spare,
    campus_json,
    edge_json,
    spare_json,
    terminal_json,
    to_bytes,
    wired_json,
)
from provisioning.campus.standing import Made, read_json, retired_names
from provisioning.certificates import authority, link
from provisioning.certificates.enrol import acl_text, sign_request
from provisioning.issue.campus_facts import CampusFacts
from provisioning.issue.personalise import Validity, make_cards
from provisioning.keys import levels
from provisioning.keys.store import KeyKind, KeyStore
from provisioning.plan import numbers
from provisioning.plan.extension import Extension
from provisioning.plan.plan import BoxPlan, LinkKind, Plan
from shared.ids import BoxId, PsamId, partition_of
from shared.inventory import LOADERS, BoxRow, CardRow, DeviceKind, DeviceRow, Inventory, PsamRow, SpareRow

_SPARE_BASE = 0x4000_0000


class Given(NamedTuple):
    """Numbers by name or label: of bodies, of their PSAMs, of spares, of cards."""

    devices: Mapping[str, int]
    psams: Mapping[str, int]
    spares: Mapping[str, int]
    cards: Mapping[str, int]


def give(wanted: Extension, facts: CampusFacts, next_psam: int, next_card: int) -> Given:
    """The next free ones. next_psam, next_card: the lowest that nobody ever had."""
    rows = facts.inventory
    bodies, spares = [one for _, one in wanted.new_bodies], [one.name for _, one in wanted.new_spares]
    sellers = [one.name for one in bodies if one.kind not in LOADERS]
    return Given(
        _numbered([one.name for one in bodies], _next(row.device for row in rows.devices)),
        _numbered(sellers, next_psam),
        _numbered(spares, max(1, _next(row.device for row in rows.spares) - _SPARE_BASE)),
        _numbered([card.label for card in wanted.cards], next_card),
    )


def _numbered(names: list[str], first: int) -> dict[str, int]:
    return {name: number for number, name in enumerate(names, first)}


def _next(devices: Iterator[bytes]) -> int:
    return max((int.from_bytes(device[2:], "big") for device in devices), default=0) + 1


@dataclass(frozen=True, slots=True)
class Extending:
    """One run. make_psam: the file of a PSAM with what a PSAM has to hold now; now: aware system time."""

    facts: CampusFacts
    made: Made
    plan: Plan
    wanted: Extension
    given: Given
    dates: Validity
    now: datetime
    make_psam: Callable[[PsamId], bytes] = field(repr=False)
    school: KeyStore = field(repr=False)

    @property
    def data(self) -> Path:
        """The campus's folder."""
        return self.facts.data

    def new_files(self) -> Iterator[File]:
        """Of bodies, boxes and cards that were not there."""
        bodies, spares = self.bodies(), self.spares()
        for body in (*bodies, *(spare.as_body() for spare in spares)):
            yield from self._body_files(body)
        for box in self.wanted.boxes:
            yield from self._box_files(box)
        yield from self._link_files(bodies, spares)
        yield from self._card_files()

    def changed_files(self) -> Iterator[File]:
        """Of what stands: wiring of its bodies first, then of its boxes, then the lists."""
        for box, one in self.wanted.rewired:
            wired = {"link": self._link(box, one.link), "address": one.address}
            yield self._changed(f"terminals/{one.name}/terminal.json", wired)
        for box, link_plan in self.wanted.relinked:
            yield from self._relinked(box, link_plan.name)
        for plan in self.plan.boxes:
            if plan.box in self.made.standing.boxes:
                yield self._edge_file(plan)
        boxes = sorted({*self.made.standing.boxes, *(box.box for box in self.wanted.boxes)})
        yield File("broker/acl", acl_text([(box, partition_of(box)) for box in boxes]).encode())
        yield self._campus_file()
        kept = set(retired_names(self.data)) - set(self.wanted.back) | set(self.wanted.retired)
        if kept or (self.data / "retired.json").exists():
            yield File("retired.json", to_bytes(sorted(kept)))

    def inventory(self) -> Inventory:
        """The next one; the files of `new_files` are there."""
        old, bodies = self.facts.inventory, self.bodies()
        classes = {card.label: card.group for card in self.wanted.regrouped}
        cards = [replace(row, group=classes[row.label]) for row in old.cards if row.label in classes]
        psams = [PsamRow(one.psam, one.device, self.dates.issued) for one in bodies if one.psam is not None]
        made = self.facts.with_rows([*cards, *(row for row, _ in self._cards())], psams, self.dates.issued)
        known = {row.device for row in old.devices} | {row.device for row in old.spares}
        devices = tuple(_device_row(one) for one in bodies if one.device not in known)
        spares = tuple(_spare_row(one) for one in self.spares() if one.device not in known)
        boxes = tuple(self._box_row(box) for box in self.wanted.boxes)
        return replace(
            made, devices=old.devices + devices, spares=old.spares + spares, boxes=old.boxes + boxes
        )  # fmt: skip

    # --- bodies ---------------------------------------------------------------------------------------------------

    def bodies(self) -> list[Body]:
        """The new ones, with their numbers."""
        boxes = {box.box: box for box in self.plan.boxes}
        return [self._body(boxes[box], one) for box, one in self.wanted.new_bodies]

    def spares(self) -> list[Spare]:
        """The new ones, with their numbers."""
        boxes = {box.box: box for box in self.plan.boxes}
        return [self._spare(boxes[box], one) for box, one in self.wanted.new_spares]

    def _body(self, box: BoxPlan, one: Any) -> Body:  # noqa: ANN401  # a TerminalPlan
        campus = self.plan.campus
        device = numbers.device(campus, self.given.devices[one.name])
        psam = numbers.psam(campus, self.given.psams[one.name]) if one.kind not in LOADERS else None
        return Body(box, one, device, psam, levels.terminal_key(self.school, device))

    def _spare(self, box: BoxPlan, one: Any) -> Spare:  # noqa: ANN401  # a SparePlan
        device = numbers.spare(self.plan.campus, self.given.spares[one.name])
        return Spare(box, one, device, levels.terminal_key(self.school, device))

    def _body_files(self, body: Body) -> Iterator[File]:
        folder = f"terminals/{body.plan.name}"
        if body.psam is not None and not self._is_there(f"{folder}/psam.bin"):
            yield File(f"{folder}/psam.bin", self.make_psam(body.psam))
        if not self._is_there(f"{folder}/terminal.json"):
            refused = frozenset(self.plan.hotlist)
            listed = [row.card for row in self.facts.inventory.cards if row.label in refused]
            told = terminal_json(self.plan, body, listed, self._public().campus) | self._supervisors(body)
            yield File(f"{folder}/terminal.json", to_bytes(told))

    def _supervisors(self, body: Body) -> dict[str, Any]:
        """Those that the campus has now, whatever stood in its first plan."""
        file = self.data / "operators" / "index.json"
        if body.plan.kind is not DeviceKind.POS or not file.exists():
            return {}
        rows = read_json(file).values()
        gone = sorted(row["card"] for row in rows if row.get("withdrawn"))
        told = {"operators": sorted(row["card"] for row in rows if not row.get("withdrawn"))}
        return told | ({"withdrawn": gone} if gone else {})

    # --- boxes ----------------------------------------------------------------------------------------------------

    def _box_files(self, box: BoxPlan) -> Iterator[File]:
        folder, public = f"boxes/{box.box}", self._public()
        own = [body for body in self.bodies() if body.box.box == box.box]
        ready = [spare for spare in self.spares() if spare.box.box == box.box]
        yield File(f"{folder}/edge.json", to_bytes(edge_json(self.plan, box, own, ready, public)))
        ca = (self.data / "ca.pem").read_bytes()
        yield File(f"{folder}/ca.pem", ca)
        if not self._is_there(f"{folder}/box.pem"):
            key = authority.new_key()
            secret = self.school.one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
            request = authority.new_request(key, box.box)
            yield File(f"{folder}/box.key", authority.private_pem(key))
            signer = authority.open_authority(ca, secret)
            yield File(f"{folder}/box.pem", sign_request(signer, request, box.box, self.now))

    def _box_row(self, box: BoxPlan) -> BoxRow:
        certificate = (self.data / "boxes" / box.box / "box.pem").read_bytes()
        return BoxRow(box.box, partition_of(box.box), box.name, authority.fingerprint(certificate))

    def _edge_file(self, plan: BoxPlan) -> File:
        """Of a box that stands: what the plan has, and what is retired as it was."""
        path = f"boxes/{plan.box}/edge.json"
        raw = read_json(self.data / path)
        fresh = [wired_json(body) for body in self.bodies() if body.box.box == plan.box]
        known = {one["device"] for one in raw["terminals"]}
        wired = {one.name: one for box, one in self.wanted.rewired if box == plan.box}
        kept = [
            {**one, "link": wired[one["name"]].link, "address": wired[one["name"]].address}
            if one["name"] in wired
            else one
            for one in raw["terminals"]
        ]
        raw["terminals"] = kept + [one for one in fresh if one["device"] not in known]
        raw["links"] = self._links(plan, raw)
        ready = [spare_json(one) for one in self.spares() if one.box.box == plan.box]
        spares = raw.get("spares", [])
        spares = spares + [one for one in ready if one["device"] not in {spare["device"] for spare in spares}]
        return File(path, to_bytes(raw | ({"spares": spares} if spares else {})))

    def _links(self, plan: BoxPlan, raw: dict[str, Any]) -> list[dict[str, Any]]:
        """Lines of the plan, a TCP line as it stands; of those that are gone the ones that still have a body."""
        stands = {one["name"]: one for one in raw["links"]}
        wanted = [
            stands[one.name] if one.kind is LinkKind.TCP and one.name in stands else one.to_json() for one in plan.links
        ]
        names, used = {one.name for one in plan.links}, {one["link"] for one in raw["terminals"]}
        return [*wanted, *(one for name, one in stands.items() if name not in names and name in used)]

    def _link(self, box: BoxId, name: str) -> dict[str, Any]:
        plan = next(one for one in self.plan.boxes if one.box == box)
        stands = {one["name"]: one for one in read_json(self.data / "boxes" / box / "edge.json")["links"]}
        planned = next(one for one in plan.links if one.name == name)
        return stands[name] if planned.kind is LinkKind.TCP and name in stands else planned.to_json()

    def _relinked(self, box: BoxId, name: str) -> Iterator[File]:
        plan = next(one for one in self.plan.boxes if one.box == box)
        moved = {one.name for _, one in self.wanted.rewired}
        for one in self.made.standing.boxes[box].terminals:
            if one.link == name and one.name not in moved:
                told = next(each for each in plan.links if each.name == name).to_json()
                yield self._changed(f"terminals/{one.name}/terminal.json", {"link": told})

    def _link_files(self, bodies: list[Body], spares: list[Spare]) -> Iterator[File]:
        """TLS of TCP links. A box that has none of it, as one of release 0.1, stays as it is."""
        ready = [spare.as_body() for spare in spares]
        for box in self.plan.boxes:
            if not any(one.kind is LinkKind.TCP for one in box.links):
                continue
            own = [one for one in bodies if one.box is box and box.link_of(one.plan).kind is LinkKind.TCP]
            own += [one for one in ready if one.box is box]
            stands, had = box.box in self.made.standing.boxes, self._is_there(f"boxes/{box.box}/{link.CERTIFICATE}")
            if had:
                yield from self._joining(box.box, own)
            elif not stands or not self._had_tcp(box.box):
                yield from link_files(box.box, {one.plan.name: one.device for one in own}, self.now)

    def _had_tcp(self, box: BoxId) -> bool:
        return any(one.kind is LinkKind.TCP for one in self.made.standing.boxes[box].links)

    def _joining(self, box: BoxId, bodies: list[Body]) -> Iterator[File]:
        """The box believes in the new ones, too."""
        folder = f"boxes/{box}"
        own = (self.data / folder / link.CERTIFICATE).read_bytes()
        for body in bodies:
            place = f"terminals/{body.plan.name}"
            if not self._is_there(f"{place}/{link.CERTIFICATE}"):
                yield from end_files(place, link.of_terminal(body.device, self.now), own)
            theirs = (self.data / place / link.CERTIFICATE).read_bytes()
            believed = (self.data / folder / link.BELIEVED).read_bytes()
            if theirs not in believed:
                yield File(f"{folder}/{link.BELIEVED}", believed + theirs)

    # --- cards and lists ------------------------------------------------------------------------------------------

    def _cards(self) -> Iterator[tuple[CardRow, bytes]]:
        numbered = [(self.given.cards[card.label], card) for card in self.wanted.cards]
        return ((made.row, made.file) for made in make_cards(self.plan, self.school, self.dates, numbered))

    def _card_files(self) -> Iterator[File]:
        if not self.wanted.cards:
            return
        index_file = self.data / "cards" / "index.json"
        index = read_json(index_file) if index_file.exists() else {}
        for row, body in self._cards():
            name = f"{row.hotlist_index:05d}.card"
            index[row.label] = {"file": name, "card": row.card.hex()}
            if not self._is_there(f"cards/{name}"):
                yield File(f"cards/{name}", body)
        yield File("cards/index.json", to_bytes(index))

    def _campus_file(self) -> File:
        raw = read_json(self.data / "campus.json")
        told = campus_json(self.plan, self._public())
        merchants = list(dict.fromkeys([*raw["merchants"], *told["merchants"]]))
        boxes = {one["box"]: one for one in (*told["boxes"], *raw["boxes"])}
        cards = len(self.facts.inventory.cards) + len(self.wanted.cards)
        lists = {"merchants": merchants, "boxes": list(boxes.values()), "cards": cards}
        return File("campus.json", to_bytes({**raw, **lists}))

    def _changed(self, path: str, change: dict[str, Any]) -> File:
        return File(path, to_bytes(read_json(self.data / path) | change))

    def _public(self) -> PublicKeys:
        raw = read_json(self.data / "campus.json")
        return PublicKeys(*(bytes.fromhex(raw[name]) for name in ("campus_key", "ack_key", "ack_certificate")))

    def _is_there(self, path: str) -> bool:
        return (self.data / path).exists()


def _device_row(one: Body) -> DeviceRow:
    plan = one.plan
    return DeviceRow(one.device, plan.kind, one.box.box, plan.name, plan.place, plan.merchant)


def _spare_row(one: Spare) -> SpareRow:
    return SpareRow(one.device, one.plan.kind, one.box.box, one.plan.name)
