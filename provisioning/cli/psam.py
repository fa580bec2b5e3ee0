"""`provisioning psam …` PSAM 登记簿 and `provisioning rotate …` 密钥轮换.

A PSAM is made as a software body (or, later, written in a reader); its keys are renewed by 84D4 under its own control
key, and those of retired versions are taken out. A purchase master in a token does not come out: a PSAM that has it
keeps it, one that lacks it is refused. Every step is in the register and the custody log before it is told.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from provisioning.cli.arguments import (
    Verbs,
    add_group,
    add_store,
    add_token,
    add_who,
    now_s,
    say,
    token_place,
    vault_of,
)
from provisioning.cli.beside import may_lie_open
from provisioning.cli.issuing.desk import add_reader, opened_desk
from provisioning.custody.journal import write_private
from provisioning.custody.notes import noted
from provisioning.issue.bodies import in_reader
from provisioning.issue.campus_facts import changing, read_campus
from provisioning.issue.feeding import laid_cards
from provisioning.issue.personalise import make_psam
from provisioning.keeper.school_masters import Masters
from provisioning.keys.store import KeyKind
from provisioning.psam.register import PsamEntry, PsamState, Register
from provisioning.psam.rotation import next_step, require_new
from provisioning.psam.rotation_cost import cost
from provisioning.psam.rotation_files import CampusKeys, retired, used
from provisioning.psam.write import PsamRefused, control_name, renew, require_masters, told_id, with_versions
from shared.errors import ConfigFault, KeyFault, WireFault
from shared.ids import DeviceId, PsamId, device_id, psam_id
from shared.input.command_line import Parser
from shared.inventory import PsamRow
from shared.purse.apdu import CardChannel
from shared.purse.cos.psam import Psam
from shared.purse.crypto import Key
from shared.purse.errors import CardLost
from shared.words.columns import left
from shared.words.voice import Text

MAKE_MAX = 1_000
RESTART = Text(
    "请重启密钥进程，使其使用现在的主密钥\n", "restart the key process: it works with the masters that it opened\n"
)


ORDER_ABOUT = Text(
    """\
换机单：一台终端的 PSAM 要换成另一枚时先开单；完工后用 psam close 办结，再写进新清单。""",
    """\
A swap order: opened before the PSAM of a body is replaced by another one; `psam close` ends it when the fitter is
back, and the next inventory tells the ledger.""",
)
ORDER_NEEDS = Text(
    """\
需要：终端名或机身号；一枚在库（stock）或已领出（issued）且已写完的 PSAM；缘由；经手人。
例：
  ./ykt provision psam list
  ./ykt provision psam order --device pos-01 --into 500100000014 --reason 终端故障 --who 王芳
  ./ykt provision psam close --order 1 --out scrapped --who 王芳
  ./ykt provision psam inventory --who 王芳 && ./ykt cloud import""",
    """\
needs: the body by name or number; a PSAM in stock or issued, and written; why; who.
example:
  ./ykt provision psam list
  ./ykt provision psam order --device pos-01 --into 500100000014 --reason "out of order" --who Wang
  ./ykt provision psam close --order 1 --out scrapped --who Wang
  ./ykt provision psam inventory --who Wang && ./ykt cloud import""",
)
_MADE, _VERSIONS = noted(Text("造", "made")), noted(Text("版本", "versions"))
_WRITTEN, _TAKEN = noted(Text("写成", "written")), noted(Text("取出停用", "taken out"))
_SWAP, _SWAPPED, _OLD = (
    noted(Text("换机单", "swap order")),
    noted(Text("换机单完成", "swap order")),
    noted(Text("旧", "old")),
)
BODY_HELP = Text("终端名（如 pos-01）或 12 位机身号", "the body by name, as pos-01, or by its 12 digits")
SHOWN = 5
"""Most names that an error gives to choose from."""


def add_to(verbs: Verbs) -> None:
    """Add the verbs and their steps."""
    steps = add_group(verbs, "psam", Text("PSAM 登记簿", "the register of PSAMs"))
    listed = _step(steps, "list", _list, Text("列出全部", "list all of them"))
    make = _step(steps, "make", _make, Text("造新 PSAM，编号不重用", "make new ones, with numbers that nobody had"))
    make.add_argument("--count", type=int, default=1, help=Text("造几个，缺省 1", "how many (1)"))
    make.add_argument(
        "--out", type=Path, required=True, metavar="DIR",
        help=Text("写到哪个目录", "the folder that they are written to"),
    )  # fmt: skip
    move = _step(
        steps,
        "move",
        _move,
        Text("移动：出库、装机、入库、报废、被盗", "move one: out, into a body, back, to waste, stolen"),
    )
    move.add_argument("--psam", type=_psam, required=True, metavar="PSAM", help=Text("PSAM 号，12 位", "its 12 digits"))
    move.add_argument("--to", type=PsamState, choices=list(PsamState), required=True, help=Text("移到哪里", "where to"))
    move.add_argument("--device", metavar="BODY", help=BODY_HELP)
    move.add_argument("--reason", default="", help=Text("缘由", "why"))
    renewed = _step(steps, "renew", _renew, Text("写入现有各版本", "write the versions that the school has now"))
    named = Text("PSAM 号，12 位；用读卡器时可不写", "its 12 digits; none at a reader")
    renewed.add_argument("--psam", type=_psam, metavar="PSAM", help=named)
    renewed.add_argument("--file", type=Path, help=Text("PSAM 文件", "its software body"))
    add_reader(renewed)
    order = _step(steps, "order", _order, Text("开换机单", "open a swap order"))
    order.description, order.epilog = str(ORDER_ABOUT), str(ORDER_NEEDS)
    order.formatter_class = argparse.RawDescriptionHelpFormatter
    order.add_argument("--device", required=True, metavar="BODY", help=BODY_HELP)
    order.add_argument(
        "--into",
        type=_psam,
        required=True,
        metavar="PSAM",
        help=Text("换上的 PSAM，12 位", "the PSAM to go in, 12 digits"),
    )
    order.add_argument(
        "--reason", required=True, metavar="TEXT", help=Text("缘由，如“终端故障”", 'why, as "terminal out of order"')
    )
    close = _step(steps, "close", _close, Text("换机单完成", "close a swap order"))
    close.add_argument(
        "--order",
        type=int,
        required=True,
        metavar="N",
        help=Text("换机单号，见 psam list", "its number, as psam list shows it"),
    )
    close.add_argument(
        "--out",
        type=PsamState,
        choices=list(PsamState),
        required=True,
        help=Text("旧 PSAM 的去向", "where the old PSAM went"),
    )
    inventory = _step(
        steps, "inventory", _inventory, Text("新装机的写入新清单", "put those set in since into a new inventory")
    )
    rotate = add_group(verbs, "rotate", Text("密钥轮换", "rotation of the card masters"))
    status = _step(rotate, "status", _status, Text("各版本进度与下一步", "how far each version is, and what is next"))
    costs = _step(rotate, "cost", _cost, Text("停用一个版本的代价", "what it costs to get rid of a version"))
    costs.add_argument("--json", action="store_true", help=Text("输出一行 JSON", "one line of JSON"))
    _step(rotate, "new", _new, Text("下一版本，须办仪式", "the next version: hold a ceremony for it"))
    issue = _step(rotate, "issue", _issue, Text("新卡启用此版本", "let new cards carry this version"))
    retire = _step(rotate, "retire", _retire, Text("停用此版本", "retire this version"))
    for step in (issue, retire):
        step.add_argument("--version", type=int, required=True, help=Text("哪个密钥版本", "which key version"))
    for step in (make, move, renewed, order, close, inventory, issue, retire):
        add_who(step)
    may_lie_open(listed, status, costs)


def _step(steps: Verbs, name: str, run: object, told: Text) -> Parser:
    step: Parser = steps.add_parser(name, help=told)
    add_store(step)
    add_token(step)
    step.set_defaults(run=run)
    return step


def _campus_keys(chosen: argparse.Namespace) -> CampusKeys:
    return CampusKeys(read_campus(chosen.data), vault_of(chosen), now_s, token_place(chosen))


def _list(chosen: argparse.Namespace) -> None:
    register, gone = _campus_keys(chosen).register(), retired(chosen.data)
    for entry in register.entries:
        sys.stdout.write(f"{_entry_text(entry)}{_carried(entry, gone)}\n")
    for order in register.orders.values():
        done = Text("完成", "done") if order.closed is not None else Text("未完成", "open")
        told = f"{order.device.hex()}: {order.out.hex()} → {order.into.hex()}"
        say(
            Text(
                f"换机单 {order.order}  {told}  {done}  {order.reason}\n",
                f"order {order.order}  {told}  {done}  {order.reason}\n",
            )
        )


def _entry_text(entry: PsamEntry) -> Text:
    body, listed = entry.device.hex() if entry.device else "-", _list_of(entry.versions)
    held = Text(f"{listed:<6}", f"{listed:<9}") if entry.is_written else Text("未写完", "unwritten")
    psam, state = entry.psam.hex(), entry.state.said
    return Text(
        f"{psam}  {left(state.zh, 9)} 版本 {held.zh} 终端 {body}",
        f"{psam}  {left(state.en, 9)} versions {held.en} body {body}",
    )


def _make(chosen: argparse.Namespace) -> None:
    if not 1 <= chosen.count <= MAKE_MAX:
        raise ConfigFault(f"--count: 1..{MAKE_MAX}")
    keys = _campus_keys(chosen)
    with keys.masters() as masters:
        versions = keys.purchase_versions(masters)
        school = with_versions(masters.store, versions)
        require_masters(school.versions(KeyKind.PURCHASE), versions)
        chosen.out.mkdir(mode=0o700, parents=True, exist_ok=True)
        with keys.psams() as (register, commit):
            left = [entry.psam for entry in register.unwritten]  # a run that was cut had given them their numbers
            for psam in left[: chosen.count] + [None] * (chosen.count - len(left)):
                if psam is None:
                    row = register.make(versions, chosen.who, now_s())
                    psam = psam_id(bytes.fromhex(row["psam"]))
                    commit([row], chosen.who, f"{_MADE} {psam.hex()}, {_VERSIONS} {_list_of(versions)}")
                elif register.entry(psam).versions != versions:  # a version came or was retired since
                    commit([register.renew(psam, versions, chosen.who, now_s())], chosen.who, _renewed(psam, versions))
                body = make_psam(psam, school, control_key(masters, psam))
                write_private(chosen.out / f"{psam.hex()}.psam", body)
                commit([register.written(psam, chosen.who, now_s())], chosen.who, f"{_WRITTEN} {psam.hex()}")
                _tell(psam)


def _tell(psam: PsamId) -> None:
    """At once: a reader stands beside it, and a kill loses none of them."""
    sys.stdout.write(f"{psam.hex()}\n")
    sys.stdout.flush()


def _move(chosen: argparse.Namespace) -> None:
    with _campus_keys(chosen).psams() as (register, commit):
        device = _body(chosen, chosen.device) if chosen.device else None
        row = register.move(chosen.psam, chosen.to, chosen.who, now_s(), device, chosen.reason)
        commit([row], chosen.who, f"{chosen.psam.hex()} → {chosen.to} {chosen.reason}".rstrip())


def _renew(chosen: argparse.Namespace) -> None:
    if chosen.reader is not None:
        _renew_laid(chosen)
        return
    if chosen.psam is None or chosen.file is None:
        raise ConfigFault(Text("缺少 --psam 与 --file，或 --reader", "--psam and --file, or --reader, are missing"))
    with in_reader(chosen.file) as memory:
        psam = Psam(memory, os.urandom)
        psam.power_on()
        _renew_one(chosen, chosen.psam, psam)


def _renew_one(chosen: argparse.Namespace, wanted: PsamId, psam: CardChannel) -> None:
    """The chip first, then the register: a run that was cut writes the same masters again."""
    keys = _campus_keys(chosen)
    with keys.masters() as masters, keys.psams() as (register, commit):
        versions, gone = keys.purchase_versions(masters), sorted(retired(chosen.data))
        row = register.renew(wanted, versions, chosen.who, now_s())
        written = with_versions(masters.store, versions).versions(KeyKind.PURCHASE)
        require_masters((*written, *register.entry(wanted).versions), versions)
        renew(psam, wanted, masters.keeper, written.values(), gone, os.urandom)
        commit([row], chosen.who, _renewed(wanted, versions, gone))


def _renew_laid(chosen: argparse.Namespace) -> None:
    """One PSAM after the other, each by the number that it tells; what refuses is put aside."""
    done = 0
    with opened_desk(chosen) as (desk, hand):
        for _ in laid_cards(hand, Text("放上要写的 PSAM", "lay the PSAM to be written")):
            try:
                wanted = told_id(desk)
                if chosen.psam not in (None, wanted):
                    raise PsamRefused(Text(f"这是 {wanted.hex()}", f"this is {wanted.hex()}"))
                _renew_one(chosen, wanted, desk)
            except (KeyFault, ConfigFault, CardLost) as fault:
                hand.tell(Text(f"放到一边：{fault}", f"put it aside: {fault}"))
                continue
            _tell(wanted)
            done += 1
            if chosen.psam is not None:
                break
    say(Text(f"共 {done} 枚\n", f"{done} PSAMs\n"))


def _order(chosen: argparse.Namespace) -> None:
    device = _body(chosen, chosen.device)
    with _campus_keys(chosen).psams() as (register, commit):
        try:
            row = register.order_swap(device, chosen.into, chosen.reason, chosen.who, now_s())
        except ConfigFault as fault:
            free = _free(register)
            raise ConfigFault(Text(f"{fault}；{free.zh}", f"{fault}; {free.en}")) from fault
        commit([row], chosen.who, f"{_SWAP} {row['order']}: {row['out']} → {row['in']}")
        say(
            Text(
                f"换机单 {row['order']}: {row['out']} → {row['in']}\n",
                f"swap order {row['order']}: {row['out']} → {row['in']}\n",
            )
        )
        say(
            Text(
                f"换好后：psam close --order {row['order']} --out stock|scrapped|stolen\n",
                f"when it is done: psam close --order {row['order']} --out stock|scrapped|stolen\n",
            )
        )


def _close(chosen: argparse.Namespace) -> None:
    with _campus_keys(chosen).psams() as (register, commit):
        rows = register.close_swap(chosen.order, chosen.out, chosen.who, now_s())
        commit(rows, chosen.who, f"{_SWAPPED} {chosen.order} done, {_OLD}: {chosen.out}")


def _inventory(chosen: argparse.Namespace) -> None:
    with changing(chosen.data) as facts:
        keys = CampusKeys(facts, vault_of(chosen), now_s)
        rows = [PsamRow(stay.psam, stay.device, stay.since) for stay in keys.register().stays]
        made = facts.with_rows([], rows, now_s())
        facts.publish(made, keys.school())
    new = len(made.psams) - len(facts.inventory.psams)
    say(
        Text(
            f"清单 {made.number}：{new} 个新 PSAM；接着 cloud import\n",
            f"inventory {made.number}: {new} new PSAMs; next: cloud import\n",
        )
    )


def _status(chosen: argparse.Namespace) -> None:
    facts = _campus_keys(chosen).facts()
    for version in sorted(facts.held | facts.retired):
        step, stage = next_step(facts, version, now_s()), facts.stage(version).said
        say(
            Text(
                f"版本 {version}（{stage.zh}）：{step.zh}\n",
                f"version {version} ({stage.en}): {step.en}\n",
            )
        )
        say(
            Text(
                f"    主密钥：{facts.places.of(version).text()}\n", f"    masters: {facts.places.of(version).text()}\n"
            )
        )
    for version in sorted(set(used(chosen.data)) - facts.places.versions(KeyKind.TAC)):
        say(
            Text(
                f"版本 {version}：主密钥不在密封库，也不在指明的密码设备：用 --module\n",
                f"version {version}: its masters are neither in the sealed store nor in a token named here: --module\n",
            )
        )
    for version in sorted(facts.places.versions(KeyKind.LINK)):
        where = facts.places.of(version, (KeyKind.LINK,)).text()
        say(Text(f"终端密钥 LINK {version}：{where}\n", f"terminals' keys, LINK {version}: {where}\n"))


def _cost(chosen: argparse.Namespace) -> None:
    facts = _campus_keys(chosen).facts()
    cards = [(card.key_version, card.expires) for card in read_campus(chosen.data).inventory.cards]
    found = [cost(version, cards, facts.psams, now_s()) for version in sorted(facts.held)]
    if chosen.json:
        sys.stdout.write(json.dumps([one.to_json() for one in found]) + "\n")
        return
    for one in found:
        sys.stdout.write(f"  {one.text()}\n")


def _new(chosen: argparse.Namespace) -> None:
    version = require_new(_campus_keys(chosen).facts())
    say(
        Text(
            f"下一版本 {version}：ceremony begin --version {version}\n",
            f"next version {version}: ceremony begin --version {version}\n",
        )
    )


def _issue(chosen: argparse.Namespace) -> None:
    _campus_keys(chosen).issue(chosen.version, chosen.who)
    _status(chosen)
    say(RESTART)


def _retire(chosen: argparse.Namespace) -> None:
    _campus_keys(chosen).retire(chosen.version, chosen.who)
    _status(chosen)
    say(RESTART)


def _carried(entry: PsamEntry, gone: frozenset[int]) -> str | Text:
    """Of a PSAM that may still sell: which retired versions are in it."""
    left = sorted(gone & set(entry.versions))
    if not left or entry.state.is_final:
        return ""
    return Text(
        f"  带停用版本 {_list_of(left)}：psam renew", f"  carries a retired version, {_list_of(left)}: psam renew"
    )


def _renewed(psam: PsamId, versions: Sequence[int], gone: Sequence[int] = ()) -> str:
    taken = f"，{_TAKEN} {_list_of(gone)}" if gone else ""
    return f"{psam.hex()}: {_VERSIONS} {_list_of(versions)}{taken}"


def _list_of(versions: Iterable[int]) -> str:
    return ",".join(map(str, versions))


def control_key(masters: Masters, psam: PsamId) -> Key | None:
    """The PSAM's own control key, if the school has any."""
    name = control_name(psam)
    return masters.keeper.own_key(name) if name.version in masters.keeper.versions(name.kind) else None


def _free(register: Register) -> Text:
    """Which PSAMs could go into a body."""
    free = [e.psam.hex() for e in register.entries if e.state in (PsamState.STOCK, PsamState.ISSUED) and e.is_written]
    more = Text(f" 等共 {len(free)} 枚", f" and others, {len(free)} in all") if len(free) > SHOWN else ""
    if not free:
        return Text("没有可换上的 PSAM，先 psam make", "no PSAM is free: psam make first")
    return Text(f"可换上：{', '.join(free[:SHOWN])}{more}", f"free: {', '.join(free[:SHOWN])}{more}")


def _body(chosen: argparse.Namespace, text: str) -> DeviceId:
    """By name, or by number. ConfigFault, which says what there is."""
    devices = read_campus(chosen.data).inventory.devices
    named = [row.device for row in devices if text in (row.name, row.device.hex())]
    if named:
        return named[0]
    try:
        return device_id(bytes.fromhex(text))
    except (ValueError, WireFault):
        names = ", ".join(row.name for row in devices[:SHOWN])
        told = Text(
            f"没有终端 {text[:40]}，应如 {names} 或 12 位机身号",
            f"no body {text[:40]}: a name, as {names}, or its 12 digits",
        )
        raise ConfigFault(told) from None


def _psam(text: str) -> PsamId:
    try:
        return psam_id(bytes.fromhex(text))
    except (ValueError, WireFault):
        raise argparse.ArgumentTypeError(
            Text(
                f"PSAM 号为 12 位十六进制，见 psam list，不是 {text[:40]!r}",
                f"a PSAM has 12 hexadecimal digits, as psam list shows, not {text[:40]!r}",
            )
        ) from None
