"""`provisioning psam-stolen`: the register's part of a theft, or of its end; and what rotating the masters would cost.

Idempotent: said again it changes nothing. The ledger and the boxes are told by `cloud psam-stolen`.
"""

import argparse
import json
import sys
from typing import Any

from provisioning.cli.arguments import Verbs, add_store, add_who, now_s, say, vault_of
from provisioning.custody.notes import noted
from provisioning.issue.campus_facts import read_campus
from provisioning.psam.register import PsamEntry, PsamState, Register
from provisioning.psam.rotation_cost import Cost, cost
from provisioning.psam.rotation_files import CampusKeys
from shared.errors import WireFault
from shared.ids import PsamId, psam_id
from shared.words.voice import Text

STEPS = Text(
    "  步骤：rotate new、ceremony、psam renew、rotate issue、换卡、rotate retire\n",
    "  steps: rotate new, ceremony, psam renew, rotate issue, new cards, rotate retire\n",
)


def add_to(verbs: Verbs) -> None:
    """Add the verb."""
    text = Text(
        "PSAM 被盗或找回：登记簿与轮换代价", "a PSAM was stolen or found: the register, and what rotation costs"
    )
    verb = verbs.add_parser("psam-stolen", help=text, description=text)
    add_store(verb)
    add_who(verb)
    verb.add_argument(
        "--psam", type=_psam, required=True, metavar="HEX",
        help=Text("PSAM 号，12 位十六进制", "its number, 12 hexadecimal digits"),
    )  # fmt: skip
    verb.add_argument("--reason", required=True, metavar="TEXT", help=Text("缘由", "why"))
    verb.add_argument("--found", action="store_true", help=Text("已找回", "found again"))
    verb.add_argument("--json", action="store_true", help=Text("一行 JSON", "one line of JSON"))
    verb.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> None:
    campus = read_campus(chosen.data)
    campus_keys = CampusKeys(campus, vault_of(chosen), now_s)
    with campus_keys.psams() as (register, commit):
        row = _row(register, chosen)
        if row is not None:
            what = noted(Text("找回", "found") if chosen.found else Text("被盗", "stolen"))
            commit([row], chosen.who, f"{chosen.psam.hex()} {what}: {chosen.reason}")
        entry = register.entry(chosen.psam)
        cards = [(card.key_version, card.expires) for card in campus.inventory.cards]
        costs = [cost(version, cards, register.live, now_s()) for version in entry.versions]
    _say(entry, costs, as_json=chosen.json)


def _row(register: Register, chosen: argparse.Namespace) -> dict[str, Any] | None:
    is_stolen = register.entry(chosen.psam).state is PsamState.STOLEN
    if chosen.found:
        return register.found(chosen.psam, chosen.who, now_s(), chosen.reason) if is_stolen else None
    if is_stolen:
        return None
    return register.move(chosen.psam, PsamState.STOLEN, chosen.who, now_s(), reason=chosen.reason)


def _say(entry: PsamEntry, costs: list[Cost], *, as_json: bool) -> None:
    if as_json:
        rotation = [one.to_json() for one in costs]
        told = {"psam": entry.psam.hex(), "state": entry.state.value, "versions": entry.versions, "rotation": rotation}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    versions = ", ".join(map(str, entry.versions))
    say(
        Text(
            f"登记簿：{entry.psam.hex()} {entry.state.said.zh}，消费主密钥版本 {versions}\n",
            f"register: {entry.psam.hex()} {entry.state.said.en}, purchase masters {versions}\n",
        )
    )
    say(Text("轮换的代价（芯片被攻破才需要）：\n", "what rotation costs (needed if the chip is broken):\n"))
    for one in costs:
        sys.stdout.write(f"  {one.text()}\n")
    say(STEPS)


def _psam(text: str) -> PsamId:
    try:
        return psam_id(bytes.fromhex(text))
    except (ValueError, WireFault):
        raise argparse.ArgumentTypeError(Text("应为 12 位十六进制", "wants 12 hexadecimal digits")) from None
