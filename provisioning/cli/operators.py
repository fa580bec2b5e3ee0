"""`provisioning operator`: one more operator card 主管卡 for a campus that stands, known to every counter.

A virtual card, as those of the campus are. The custody log first; the index last, so that a killed run is simply
repeated. Terminals read their settings when they start.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from provisioning.campus.settings import to_bytes
from provisioning.cli.arguments import Verbs, add_store, add_who, now_s, say, vault_of
from provisioning.custody.chain import Act, Event, check_value
from provisioning.custody.journal import write_private
from provisioning.custody.notes import noted
from provisioning.issue.campus_facts import CampusFacts, read_campus
from provisioning.issue.personalise import make_operator, usual_validity
from provisioning.keys.levels import LINK_VERSION
from provisioning.keys.store import KeyKind, KeyStore, Level
from provisioning.plan.plan import OPERATORS_MAX, TEXT_MAX
from shared.clocks.clock import DAY_S
from shared.errors import ConfigFault
from shared.ids import CardId
from shared.inventory import DeviceKind
from shared.words.voice import Text

FOLDER = "operators"
_CARD = noted(Text("主管卡", "operator card"))


def add_to(verbs: Verbs) -> None:
    """Add the verb."""
    text = Text("主管卡：再制一张，写入各消费机的设置", "one more operator card, known to every counter")
    verb = verbs.add_parser("operator", help=text, description=text)
    add_store(verb)
    add_who(verb)
    verb.add_argument("--label", required=True, metavar="TEXT", help=Text("卡面文字", "printed on it"))
    verb.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> None:
    campus, vault = read_campus(chosen.data), vault_of(chosen)
    school = vault.read(Level.SCHOOL)
    if school is None:
        raise ConfigFault(Text(f"{chosen.data}: 没有学校密钥库", f"{chosen.data}: no key store of a school"))
    index = _index(chosen.data, chosen.label)
    today = now_s() - now_s() % DAY_S
    number = len(index) + 1
    card, made = make_operator(campus.region, campus.inventory.campus, school, number, usual_validity(today))
    vault.record([_event(school, chosen, card)])
    (chosen.data / FOLDER).mkdir(mode=0o700, exist_ok=True)
    write_private(chosen.data / FOLDER / f"{number:05d}.card", made)
    counters = _tell_counters(campus, card)
    index[chosen.label] = {"file": f"{number:05d}.card", "card": card.hex()}
    write_private(chosen.data / FOLDER / "index.json", to_bytes(index))
    say(
        Text(
            f"主管卡 {chosen.label} {card.hex()}：已写入 {counters} 台消费机的设置，重启后生效\n",
            f"operator card {chosen.label} {card.hex()}: {counters} counters know it when they start again\n",
        )
    )


def _index(data: Path, label: str) -> dict[str, Any]:
    """What there is so far. ConfigFault for a label that cannot be, or is taken."""
    if not 0 < len(label) <= TEXT_MAX or not (label.isprintable() and label == label.strip()):
        raise ConfigFault(
            Text(f"--label: 应为 1..{TEXT_MAX} 个可见字符", f"--label: wants 1..{TEXT_MAX} visible characters")
        )
    path = data / FOLDER / "index.json"
    index: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    if label in index:
        raise ConfigFault(Text(f"--label: 已有此卡：{label}", f"--label: there is such a card already: {label}"))
    if len(index) >= OPERATORS_MAX:
        raise ConfigFault(Text(f"主管卡最多 {OPERATORS_MAX} 张", f"at most {OPERATORS_MAX} operator cards"))
    return index


def _event(school: KeyStore, chosen: argparse.Namespace, card: CardId) -> Event:
    link = school.one(KeyKind.LINK, LINK_VERSION)
    note = f"{_CARD} {chosen.label} {card.hex()}"
    return Event(now_s(), Act.DERIVED, Level.SCHOOL, link.kind, link.version, check_value(link), chosen.who, note)


def _tell_counters(campus: CampusFacts, card: CardId) -> int:
    """How many counters' settings have it now."""
    counters = [row.name for row in campus.inventory.devices if row.kind is DeviceKind.POS]
    for name in counters:
        path = campus.data / "terminals" / name / "terminal.json"
        settings = json.loads(path.read_bytes())
        settings["operators"] = sorted({*settings.get("operators", []), card.hex()})
        write_private(path, to_bytes(settings))
    return len(counters)
