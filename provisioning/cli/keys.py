"""`provisioning custody …`, `provisioning transport …`: the custody log checked; keys sent as mother cards.

Export writes three private files for three hands into a new folder, all or none; import wants all three, adds what it
brings to the store of its level, and refuses a wrong check value. Both stand in the custody log first.
"""

import argparse
import os
import sys
from pathlib import Path

from provisioning.campus.file import File
from provisioning.campus.folder import make_folder, require_empty
from provisioning.cli.arguments import Verbs, add_group, add_store, add_who, now_s, say, vault_of
from provisioning.cli.beside import may_lie_open
from provisioning.custody import chain as custody_chain
from provisioning.custody import files as key_files
from provisioning.custody import log as custody
from provisioning.custody.chain import Act, check_value, events_of, name_of
from provisioning.custody.vault import merged
from provisioning.keys import transport
from provisioning.keys.levels import MASTERS, school_of
from provisioning.keys.store import KeyStore, Level, Unlock
from shared.errors import ConfigFault
from shared.input.data_folder import add_data
from shared.words.voice import Text

MOTHER, HALF_A, HALF_B = "mother.card", "auth-a.card", "auth-b.card"


def add_to(verbs: Verbs) -> None:
    """Add the verbs."""
    steps = add_group(verbs, "custody", Text("保管日志", "the custody log"))
    verify = steps.add_parser(
        "verify", help=Text("核对链；指出第一处断裂", "check the chain, name the first broken line")
    )
    add_data(verify)
    verify.add_argument(
        "--head", metavar="HEX", help=Text("仪式记录或 STATUS 行上的链头", "head from the minutes or a STATUS line")
    )
    verify.set_defaults(run=_verify)
    may_lie_open(verify)
    ways = add_group(verbs, "transport", Text("母卡：密钥传递", "keys as mother cards"))
    out = ways.add_parser(
        "export", help=Text("写母卡和认证卡 A、B", "write a mother card, authentication halves A and B")
    )
    out.set_defaults(run=_export)
    into = ways.add_parser("import", help=Text("由母卡和认证卡 A、B 导入", "take the keys in from all three"))
    into.set_defaults(run=_import)
    derive = ways.add_parser(
        "derive", help=Text("由地区密钥分散出本校密钥", "derive the school's masters from a region's")
    )
    derive.add_argument("--campus", type=int, required=True, help=Text("学校号", "number of the school"))
    derive.set_defaults(run=_derive)
    for way in (out, into):
        way.add_argument(
            "--level", type=Level, required=True, choices=list(Level),
            help=Text("哪一级的密钥", "keys of which level"),
        )  # fmt: skip
        told = f"{MOTHER}, {HALF_A}, {HALF_B}"
        way.add_argument(
            "--cards",
            type=Path,
            required=True,
            metavar="DIR",
            help=Text(
                f"三个文件的文件夹，导出时须是新的：{told}",
                f"folder of the three files, a new one for an export: {told}",
            ),
        )
        way.add_argument(
            "--officer-a",
            type=Path,
            required=True,
            metavar="FILE",
            help=Text("甲的口令文件", "passphrase file of officer A"),
        )
        way.add_argument(
            "--officer-b",
            type=Path,
            required=True,
            metavar="FILE",
            help=Text("乙的口令文件", "passphrase file of officer B"),
        )
    for way in (out, into, derive):
        add_store(way)
        add_who(way)


def _verify(chosen: argparse.Namespace) -> int:
    log = chosen.data / key_files.FOLDER / key_files.CUSTODY
    written = custody.written_heads(log) | ({"--head": chosen.head} if chosen.head else {})
    raw = log.read_bytes()  # after the heads: a line that is added meanwhile is no loss
    lines, head = custody_chain.count(raw), custody_chain.head(raw).hex()
    lost = [where for where, one in written.items() if not custody_chain.has_head(raw, one)]
    found = custody_chain.faults(raw)
    if lost:
        found.append(
            Text(
                f"{lines} 行之后被截断，或不是同一本日志：没有此链头 {'、'.join(lost)}",
                f"cut off behind line {lines}, or another log: no line has the head in {', '.join(lost)}",
            )
        )
    if found:
        say(
            Text(
                f"保管日志有误：{found[0].zh}（共 {len(found)} 处）\n",
                f"the custody log is broken: {found[0].en} ({len(found)} in all)\n",
            )
        )
        return 1
    say(Text(f"保管日志完整：{lines} 行，链头 {head}\n", f"the custody log is whole: {lines} lines, head {head}\n"))
    return 0


def _export(chosen: argparse.Namespace) -> None:
    vault = vault_of(chosen)
    store = vault.read(chosen.level)
    if store is None:
        raise ConfigFault(Text(f"没有 {chosen.level} 级密钥库", f"there is no store of level {chosen.level}"))
    if (chosen.cards / MOTHER).exists():
        raise ConfigFault(Text(f"{chosen.cards}: 已有母卡", f"{chosen.cards}: there is a mother card already"))
    require_empty(chosen.cards)
    officers = _officers(chosen)
    sent = transport.export(store, officers, os.urandom)
    masters = KeyStore(store.level, store.campus, tuple(key for key in store.keys if key.kind in MASTERS))
    vault.record(events_of(masters, Act.EXPORTED, now_s(), name_of(chosen.who)))
    cards = {MOTHER: sent.mother, HALF_A: sent.half_a, HALF_B: sent.half_b}
    make_folder(chosen.cards, (File(name, body) for name, body in cards.items()))
    _say(Text("已导出", "exported"), masters)


def _import(chosen: argparse.Namespace) -> None:
    mother, half_a, half_b = ((chosen.cards / name).read_bytes() for name in (MOTHER, HALF_A, HALF_B))
    arrived = transport.import_mother(mother, (half_a, half_b), _officers(chosen), chosen.level)
    vault = vault_of(chosen)
    _require_same(vault.read(arrived.level), arrived)
    vault.record(events_of(arrived, Act.IMPORTED, now_s(), name_of(chosen.who)))
    vault.add(arrived.level, arrived.campus, arrived.keys)
    _say(Text("已导入", "imported"), arrived)


def _derive(chosen: argparse.Namespace) -> None:
    vault = vault_of(chosen)
    region = vault.read(Level.REGION)
    if region is None or not 1 <= chosen.campus <= 0xFFFF:
        raise ConfigFault(
            Text("没有地区密钥库，或学校号不对", "there is no region store, or the campus number is wrong")
        )
    school = school_of(region, chosen.campus)
    _require_same(vault.read(Level.SCHOOL), school)
    vault.record(events_of(school, Act.DERIVED, now_s(), name_of(chosen.who)))
    vault.add(Level.SCHOOL, chosen.campus, school.keys)
    _say(Text("已分散", "derived"), school)


def _require_same(there: KeyStore | None, arriving: KeyStore) -> None:
    """Refuse before anything is written or told."""
    if there is None:
        return
    if there.campus != arriving.campus:
        raise ConfigFault(
            Text(
                f"密钥库属于学校 {there.campus}，不是 {arriving.campus}",
                f"the store is of school {there.campus}, not {arriving.campus}",
            )
        )
    merged(there, arriving.keys)


def _officers(chosen: argparse.Namespace) -> tuple[Unlock, Unlock]:
    a, b = (key_files.read_passphrase(file) for file in (chosen.officer_a, chosen.officer_b))
    if a.secret == b.secret:
        raise ConfigFault(Text("甲乙口令相同", "both officers have the same passphrase"))
    return a, b


def _say(done: Text, store: KeyStore) -> None:
    rows = "".join(f"  {key.kind:<16}{key.version:>3}  KCV {check_value(key).hex().upper()}\n" for key in store.keys)
    sys.stdout.write(f"{done}: {store.level}\n{rows}")
