"""`provisioning operator`: one more operator card 主管卡 for a campus that stands, or one that counts no more.

A virtual card, as those of the campus are. Its number stands in the index before it has a key, and a row of the index
is never taken out, so no number and no key comes twice. A killed run is simply repeated. Counters' settings count for a
body that has no document of them yet; the index is what `cloud operators push` makes that document of.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from provisioning.campus.settings import to_bytes
from provisioning.cli.arguments import Verbs, add_store, add_who, now_s, say, vault_of
from provisioning.custody.chain import Act, Event, check_value, deed
from provisioning.custody.journal import alone_in, write_private
from provisioning.custody.notes import noted
from provisioning.issue.campus_facts import CampusFacts, read_campus
from provisioning.issue.personalise import make_operator, usual_validity
from provisioning.keys.levels import LINK_VERSION
from provisioning.keys.store import KeyKind, KeyStore, Level
from provisioning.plan import numbers
from provisioning.plan.plan import OPERATORS_MAX, TEXT_MAX
from shared.clocks.clock import DAY_S
from shared.errors import ConfigFault
from shared.ids import CardId, card_id
from shared.inventory import DeviceKind
from shared.words.voice import Text

FOLDER, INDEX, TERMINALS = "operators", "index.json", "terminals"
EVER_MAX = 4_096
"""Cards that a campus ever makes, the withdrawn ones among them: what a terminal takes of those."""
_CARD = noted(Text("主管卡", "operator card"))
_WITHDRAWN = noted(Text("作废", "withdrawn"))
MAKING, WITHDRAWN = "making", "withdrawn"
"""Marks of a row in the index: not in all settings yet; counts no more."""
_PUSH = Text("即刻下发：./ykt cloud operators push", "to every till at once: ./ykt cloud operators push")
OPERATORS = "operators"
"""Cards in a counter's settings, as `withdrawn` are those that count no more."""
_Row = dict[str, Any]


def add_to(verbs: Verbs) -> None:
    """Add the verb."""
    text = Text(
        "主管卡：再制一张，或作废一张，写入各消费机的设置",
        "one more operator card, or one withdrawn: every counter is told",
    )
    verb = verbs.add_parser("operator", help=text, description=text)
    add_store(verb)
    add_who(verb)
    verb.add_argument("--label", required=True, metavar="TEXT", help=Text("卡面文字", "printed on it"))
    verb.add_argument("--withdraw", action="store_true", help=Text("丢失的卡作废", "a lost one counts no more"))
    verb.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> None:
    _require_label(chosen.label)
    folder = chosen.data / FOLDER
    campus = read_campus(chosen.data)
    folder.mkdir(mode=0o700, exist_ok=True)
    with alone_in(folder):
        (_withdraw if chosen.withdraw else _make)(chosen, campus, _index(folder))


def _make(chosen: argparse.Namespace, campus: CampusFacts, index: dict[str, _Row]) -> None:
    vault = vault_of(chosen)
    school = vault.read(Level.SCHOOL)
    if school is None:
        raise ConfigFault(Text(f"{chosen.data}: 没有学校密钥库", f"{chosen.data}: no key store of a school"))
    row = _row_to_make(campus, index, chosen.label)
    folder = campus.data / FOLDER
    _write_index(folder, index | {chosen.label: row | {MAKING: True}})
    today = now_s() - now_s() % DAY_S
    card, made = make_operator(campus.region, campus.inventory.campus, school, _number(row), usual_validity(today))
    vault.record([_event(school, chosen, card)])
    write_private(folder / row["file"], made)
    counters = _tell_counters(campus, [row], index)
    _write_index(folder, index | {chosen.label: row})
    say(
        Text(
            f"主管卡 {chosen.label} {card.hex()}：已写入 {counters} 台消费机的设置；{_PUSH.zh}\n",
            f"operator card {chosen.label} {card.hex()}: in the settings of {counters} counters; {_PUSH.en}\n",
        )
    )


def _withdraw(chosen: argparse.Namespace, campus: CampusFacts, index: dict[str, _Row]) -> None:
    """Needs no key: a lost card shall not wait for two officers."""
    label = chosen.label
    if label not in index:
        raise ConfigFault(Text(f"--label: 没有此卡：{label}", f"--label: there is no such card: {label}"))
    row = {name: index[label][name] for name in ("file", "card")}
    if WITHDRAWN not in index[label]:
        note = f"{_CARD} {label} {row['card']} {_WITHDRAWN}"
        vault_of(chosen).record([deed(now_s(), Act.REVOKED, chosen.who, note)])
    index |= {label: row | {WITHDRAWN: True}}
    _write_index(campus.data / FOLDER, index)
    counters = _tell_counters(campus, [], index)
    say(
        Text(
            f"主管卡 {label} {row['card']} 已作废：已写入 {counters} 台消费机的设置；{_PUSH.zh}\n",
            f"operator card {label} {row['card']} is withdrawn from the settings of {counters} counters; {_PUSH.en}\n",
        )
    )


def _require_label(label: str) -> None:
    if not 0 < len(label) <= TEXT_MAX or not (label.isprintable() and label == label.strip()):
        raise ConfigFault(
            Text(f"--label: 应为 1..{TEXT_MAX} 个可见字符", f"--label: wants 1..{TEXT_MAX} visible characters")
        )


def _row_to_make(campus: CampusFacts, index: dict[str, _Row], label: str) -> _Row:
    """Of a new card, or of one that a killed run has begun. ConfigFault for a label that is taken, or one too many."""
    if label in index and MAKING in index[label]:
        return {name: index[label][name] for name in ("file", "card")}
    if label in index:
        raise ConfigFault(Text(f"--label: 已有此卡：{label}", f"--label: there is such a card already: {label}"))
    if len(index) - len(_withdrawn(index)) >= OPERATORS_MAX:
        raise ConfigFault(Text(f"主管卡最多 {OPERATORS_MAX} 张", f"at most {OPERATORS_MAX} operator cards"))
    if len(index) >= EVER_MAX:
        raise ConfigFault(
            Text(
                f"主管卡连同作废的最多 {EVER_MAX} 张",
                f"at most {EVER_MAX} operator cards, the withdrawn ones among them",
            )
        )
    number = _next_number(campus, index)
    card = numbers.operator(campus.region, campus.inventory.campus, number)
    return {"file": f"{number:05d}.card", "card": card.hex()}


def _next_number(campus: CampusFacts, index: dict[str, _Row]) -> int:
    """One that no row, no card and no counter has: a card may have outlived its row, and its folder."""
    files = [path.stem for path in (campus.data / FOLDER).glob("*.card") if path.stem.isdecimal()]
    said = (json.loads(path.read_bytes()) for path in _counters(campus))
    known = [card for settings in said for name in (OPERATORS, WITHDRAWN) for card in settings.get(name, [])]
    taken = (numbers.operator_number(card_id(bytes.fromhex(card))) for card in known)
    return max([0, *map(_number, index.values()), *map(int, files), *taken]) + 1


def _number(row: _Row) -> int:
    return int(Path(row["file"]).stem)


def _withdrawn(index: dict[str, _Row]) -> set[str]:
    return {row["card"] for row in index.values() if WITHDRAWN in row}


def _index(folder: Path) -> dict[str, _Row]:
    """What there is so far."""
    path = folder / INDEX
    index: dict[str, _Row] = json.loads(path.read_bytes()) if path.exists() else {}
    return index


def _write_index(folder: Path, index: dict[str, _Row]) -> None:
    write_private(folder / INDEX, to_bytes(index))


def _event(school: KeyStore, chosen: argparse.Namespace, card: CardId) -> Event:
    link = school.one(KeyKind.LINK, LINK_VERSION)
    note = f"{_CARD} {chosen.label} {card.hex()}"
    return Event(now_s(), Act.DERIVED, Level.SCHOOL, link.kind, link.version, check_value(link), chosen.who, note)


def _tell_counters(campus: CampusFacts, made: list[_Row], index: dict[str, _Row]) -> int:
    """How many counters' settings say it now, a spare's among them: it takes another's place."""
    gone, counters = _withdrawn(index), _counters(campus)
    with alone_in(campus.data / TERMINALS):  # their link is switched to TLS in the same files
        for path in counters:
            settings = json.loads(path.read_bytes())
            known = {*settings.get(OPERATORS, []), *(row["card"] for row in made)}
            settings[OPERATORS] = sorted(known - gone)
            settings |= {WITHDRAWN: sorted({*settings.get(WITHDRAWN, []), *gone})} if gone else {}
            write_private(path, to_bytes(settings))
    return len(counters)


def _counters(campus: CampusFacts) -> list[Path]:
    bodies = [(row.name, row.kind) for row in campus.inventory.devices]
    bodies += [(row.name, row.kind) for row in campus.inventory.spares]
    return [campus.data / TERMINALS / name / "terminal.json" for name, kind in bodies if kind is DeviceKind.POS]
