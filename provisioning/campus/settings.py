"""The settings files of a campus: terminal.json, edge.json, cloud.json, campus.json. Bytes are hexadecimal in them.

terminal.json and edge.json (0600) are as edge/terminal/settings/settings.py and edge/settings.py read them, who refuse
any other key; cloud.json (0600) and campus.json (public) are described below.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from provisioning.keys.levels import LINK_VERSION
from provisioning.plan import names, numbers
from provisioning.plan.plan import BoxPlan, Plan, SparePlan, TerminalPlan
from shared.ids import CardId, DeviceId, PsamId, partition_of
from shared.inventory import DeviceKind
from shared.purse.caps import Caps
from shared.transit.fares import render_table

FORMAT = 1
HOTLIST_VERSION = 1
PARAMETER_VERSION = 1
DAY_START_S = 0
OUTBOX = {"unsettled_max": 1_000_000, "settled_max": 1_000_000, "ballast_bytes": 8 << 20}
"""At unsettled_max the box refuses records; settled rows above settled_max go, oldest first, with an alarm."""


class Body(NamedTuple):
    """A terminal as it is made: its plan, box, numbers and K_term (16 B). The repr shows no key.

    psam None: it sells nothing, so it holds no purchase master; it is its own PSAM id (RECORDS).
    """

    box: BoxPlan
    plan: TerminalPlan
    device: DeviceId
    psam: PsamId | None
    key: bytes

    def __repr__(self) -> str:
        return f"Body({self.plan.name}, {self.device.hex()})"


class Spare(NamedTuple):
    """A spare body as it is made: its plan, box, number and K_term (16 B). The repr shows no key."""

    box: BoxPlan
    plan: SparePlan
    device: DeviceId
    key: bytes

    def __repr__(self) -> str:
        return f"Spare({self.plan.name}, {self.device.hex()})"

    def as_body(self) -> Body:
        """As it lies in the cupboard: on the box's last line, with no place, no merchant and no PSAM."""
        link = self.box.links[-1].name
        plan = TerminalPlan(self.plan.name, self.plan.kind, link, 0, "", names.SPARE)
        return Body(self.box, plan, self.device, None, self.key)


class PublicKeys(NamedTuple):
    """Public halves: the campus signing key (32 B), the ledger-ack key (32 B), and the former's certificate for it."""

    campus: bytes
    ack: bytes
    certificate: bytes


def to_bytes(value: object) -> bytes:
    """JSON for people to read: UTF-8, one space of indent."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def terminal_json(plan: Plan, body: Body, listed: Sequence[CardId], campus_key: bytes) -> dict[str, Any]:
    """terminal.json of one body; listed: the cards on version 1 of the hotlist; campus_key: the public half (32 B).

    A POS takes subsidies first where any card has, or will have, a subsidy purse.
    """
    takes_subsidy = body.plan.kind is DeviceKind.POS and plan.takes_subsidies
    return {
        "format": FORMAT,
        "campus": plan.campus,
        "demo": plan.demo,
        "name": body.plan.name,
        "kind": body.plan.kind.value,
        "merchant": body.plan.merchant,
        "place": body.plan.place,
        "device": body.device.hex(),
        "key": body.key.hex(),
        "key_version": LINK_VERSION,
        "campus_key": campus_key.hex(),
        "profile": plan.profile.name,
        "box": body.box.box,
        "link": body.box.link_of(body.plan).to_json(),
        "address": body.plan.address,
        "hotlist": {"version": HOTLIST_VERSION, "cards": [card.hex() for card in listed]},
        "parameters": _parameters(plan),
        **({"subsidy": True} if takes_subsidy else {}),
        **_operators(plan, body.plan),
        **_ride(plan, body.plan),
    }


def edge_json(
    plan: Plan, box: BoxPlan, bodies: Sequence[Body], spares: Sequence[Spare], keys: PublicKeys
) -> dict[str, Any]:
    """edge.json of a box; bodies: the terminals that it serves; spares: those that it knows beside."""
    return {
        "format": FORMAT,
        "box": box.box,
        "partition": partition_of(box.box),
        "campus": plan.campus,
        "demo": plan.demo,
        "campus_key": keys.campus.hex(),
        "ack_key": keys.ack.hex(),
        "ack_certificate": keys.certificate.hex(),
        "hotlist_version": HOTLIST_VERSION,
        "parameter_version": PARAMETER_VERSION,
        "links": [link.to_json() for link in box.links],
        "terminals": [wired_json(body) for body in bodies],
        **({"spares": [spare_json(spare) for spare in spares]} if spares else {}),
        "outbox": OUTBOX,
        "tls": {"ca": "ca.pem", "certificate": "box.pem", "key": "box.key"},
    }


def cloud_json(plan: Plan, keys: PublicKeys) -> dict[str, Any]:
    """cloud.json: what ingest and console start from. File names are relative to it; ack_key_file is PKCS8 PEM."""
    return {
        "format": FORMAT,
        "campus": plan.campus,
        "name": plan.name,
        "demo": plan.demo,
        "issuer": numbers.issuer(plan.campus).hex(),
        "campus_key": keys.campus.hex(),
        "ack_key": keys.ack.hex(),
        "ack_key_file": "ack.key",
        "tls": {"ca": "ca.pem", "certificate": "ingest.pem", "key": "ingest.key"},
        "console": {
            "certificate": "console.pem",
            "key": "console.key",
            **({"address": plan.console} if plan.console else {}),
        },
    }


def campus_json(plan: Plan, keys: PublicKeys) -> dict[str, Any]:
    """campus.json: public, for people and for a stranger who checks signatures."""
    merchants = dict.fromkeys(terminal.merchant for _, terminal in plan.terminals() if terminal.merchant)
    boxes = [{"box": box.box, "name": box.name, "partition": partition_of(box.box)} for box in plan.boxes]
    return {
        "format": FORMAT,
        "campus": plan.campus,
        "name": plan.name,
        "demo": plan.demo,
        "region": plan.region,
        "issuer": numbers.issuer(plan.campus).hex(),
        "campus_key": keys.campus.hex(),
        "ack_key": keys.ack.hex(),
        "ack_certificate": keys.certificate.hex(),
        "merchants": list(merchants),
        "boxes": boxes,
        "cards": len(plan.cards),
    }


def _operators(plan: Plan, terminal: TerminalPlan) -> dict[str, Any]:
    """The supervisors whose cards void sales at a counter."""
    if terminal.kind is not DeviceKind.POS or not plan.operators:
        return {}
    ids = (numbers.operator(plan.region, plan.campus, number) for number in range(1, len(plan.operators) + 1))
    return {"operators": [card.hex() for card in ids]}


def wired_json(body: Body) -> dict[str, Any]:
    """A body as its box lists it."""
    return {
        "device": body.device.hex(),
        "name": body.plan.name,
        "kind": body.plan.kind.value,
        "link": body.plan.link,
        "address": body.plan.address,
        "key": body.key.hex(),
        "key_version": LINK_VERSION,
    }


def spare_json(spare: Spare) -> dict[str, Any]:
    """A spare as its box lists it."""
    return {
        "device": spare.device.hex(),
        "name": spare.plan.name,
        "kind": spare.plan.kind.value,
        "key": spare.key.hex(),
        "key_version": LINK_VERSION,
    }


def _ride(plan: Plan, terminal: TerminalPlan) -> dict[str, Any]:
    """The section of a validator that takes rides. Its stop is the depot's until the driver's unit says another."""
    if terminal.door is None or plan.fares is None:
        return {}
    return {"ride": {"door": terminal.door.value, "line": terminal.line, "fares": render_table(plan.fares)}}


def _parameters(plan: Plan) -> dict[str, Any]:
    return {
        "version": PARAMETER_VERSION,
        "caps": _caps(plan.caps) if plan.caps else None,
        "day_start_s": DAY_START_S,
        "ceiling_fen": plan.ceiling_fen,
        "meals": [asdict(meal) for meal in plan.meals],
    }


def _caps(caps: Caps) -> dict[str, int | None]:
    """The limits. A sum that wants a PIN comes down with parameters alone: a body of before knows no such key."""
    limits: dict[str, int | None] = asdict(caps)
    del limits["pin_above_fen"]
    return limits
