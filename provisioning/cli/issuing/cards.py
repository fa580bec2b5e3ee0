"""`provisioning batch …` 批量制卡, `provisioning card …`: orders, leases, machines, returns, sheets, activation.

`work` may be killed anywhere and begun again. Exit code 1 when a sum is wrong, 2 when a person is needed (the text says
for what).
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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
from provisioning.cli.issuing import probe
from provisioning.cli.issuing.desk import Tray, add_reader, opened_desk, opened_tray
from provisioning.cli.issuing.stock import BLANKS, TRANSPORT_VERSION, batches, school_store
from provisioning.custody.chain import Act, deed, name_of
from provisioning.custody.journal import alone_in, write_private
from provisioning.custody.notes import heard, noted
from provisioning.issue import bodies as body_file
from provisioning.issue.activation import NotActivated, Protect, activate, look
from provisioning.issue.campus_facts import changing, read_campus
from provisioning.issue.feeding import laid_cards
from provisioning.issue.files import FOLDER, LeaseFolder
from provisioning.issue.jobs import CardWriter, School, card_of, card_row
from provisioning.issue.office import LEASE_MAX
from provisioning.issue.order import ORDER_MAX, parse_order
from provisioning.issue.personalise import usual_validity
from provisioning.issue.production import Attempt, Run, Step, seen_row
from provisioning.issue.sheet import Worked, day_sheet
from provisioning.issue.work import Machine
from provisioning.keeper import token as token_files
from provisioning.keeper.issuing_keys import IssuingKeys, of_keeper
from provisioning.keeper.keeper import CardKeyName, Keeper
from provisioning.keeper.school_masters import open_masters
from provisioning.keys.store import KeyKind, KeyStore
from provisioning.psam import rotation_files
from shared.clocks.clock import DAY_S, date_bcd, day_of_date_bcd
from shared.errors import ConfigFault, WireFault
from shared.ids import CardId
from shared.input.amount import typed_sum
from shared.input.command_line import Parser
from shared.inventory import CardRow
from shared.money import yuan
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import CEILING_FEN
from shared.purse.errors import CardLost
from shared.purse.profiles import CAMPUS
from shared.purse.upkeep import KeyUse, UpkeepAsk, plan
from shared.words.voice import Text


def add_to(verbs: Verbs) -> None:
    """Add the verbs and their steps."""
    steps = add_group(verbs, "batch", Text("批量制卡", "cards in batches"))
    start = _step(steps, "start", _start, Text("按订单开批", "begin a batch from an order"))
    start.add_argument(
        "--order", type=Path, required=True, metavar="ORDER.json",
        help=Text("订单文件，见 docs/production.md", "the order, see docs/production.md"),
    )  # fmt: skip
    region = Text("地区号，缺省依清单", "region number; the inventory's if not given")
    start.add_argument("--region", type=int, help=region)
    told = Text(
        f"余额上限，元（默认 {yuan(CEILING_FEN)}）",
        f"ceiling of the balance in yuan ({yuan(CEILING_FEN)} unless given)",
    )
    start.add_argument("--ceiling", type=typed_sum, dest="ceiling_fen", default=CEILING_FEN, metavar="SUM", help=told)
    start.add_argument("--ceiling-fen", type=int, help=argparse.SUPPRESS, default=argparse.SUPPRESS)
    start.add_argument(
        "--subsidy-expires",
        metavar="YYYYMMDD",
        help=Text("补助钱包有效期至（默认同卡）", "last day of the subsidy purses (the card's unless given)"),
    )
    lease = _step(steps, "lease", _lease, Text("一台机器领一段", "a machine takes its next lines"))
    lease.add_argument("--batch", required=True, help=Text("哪一批", "which batch"))
    lease.add_argument("--lines", type=int, default=LEASE_MAX, help=Text(f"最多 {LEASE_MAX}", f"at most {LEASE_MAX}"))
    work = _step(steps, "work", _work, Text("制卡，可随时中断再续", "make cards; may be broken off and taken up again"))
    work.add_argument("--most", type=int, default=ORDER_MAX, help=Text("至多几张", "at most so many"))
    add_reader(work)
    seen = _step(steps, "seen", _seen, Text("已查看机器，可继续", "somebody looked: go on"))
    give_up = _step(steps, "give-up", _give_up, Text("未完成的卡报废", "the unfinished body is waste"))
    give_up.add_argument("--reason", required=True, help=Text("缘由", "why"))
    back = _step(steps, "return", _return, Text("交回一段", "give the lease back"))
    write_off = _step(
        steps, "write-off", _write_off, Text("日志遗失的段报失", "write off a lease whose journal is lost")
    )
    for step in (lease, work, seen, give_up, back, write_off):
        step.add_argument("--machine", required=True, metavar="NAME", help=Text("哪台机器", "which machine"))
    sheet = _step(steps, "sheet", _sheet, Text("制卡日报", "the day's production sheet"))
    may_lie_open(sheet)
    sheet.add_argument("--day", metavar="YYYYMMDD", help=Text("缺省今天", "today unless given"))
    inventory = _step(steps, "inventory", _inventory, Text("好卡写入新清单", "put the good cards into a new inventory"))
    for step in (start, lease, seen, give_up, back, write_off, inventory):
        add_who(step)
    card = add_group(verbs, "card", Text("卡务台", "the card desk"))
    enable = _step(card, "activate", _activate, Text("领卡激活", "activate a card before its holder"))
    enable.add_argument("--label", help=Text("卡面号；用读卡器时可不写", "the label printed on it; none at a reader"))
    add_reader(enable)
    add_who(enable)
    probe.add_to(card)
    for step in (work, give_up, inventory, enable):
        add_token(step)


def _step(steps: Verbs, name: str, run: object, told: Text) -> Parser:
    step: Parser = steps.add_parser(name, help=told)
    add_store(step)
    step.set_defaults(run=run)
    return step


def _start(chosen: argparse.Namespace) -> None:
    facts = read_campus(chosen.data)
    order = parse_order(chosen.order.read_bytes())
    taken = {row.label for row in facts.inventory.cards}
    for line in order.lines:
        if line.label in taken:
            raise ConfigFault(
                Text(f"卡面号 {line.label[:32]!r} 已有卡", f"the label {line.label[:32]!r} has a card already")
            )
    dates = usual_validity(now_s() - now_s() % DAY_S)
    region = facts.region if chosen.region is None else chosen.region
    subsidy_expiry = _last_day(chosen.subsidy_expires) if chosen.subsidy_expires else b""
    terms = School(region, facts.inventory.campus, dates, 0, chosen.ceiling_fen, subsidy_expiry)
    batches(chosen).start(order, terms, chosen.who)
    for group, lines in order.groups():
        say(Text(f"  {group}: 第 {lines.first}..{lines.last} 行\n", f"  {group}: lines {lines.first}..{lines.last}\n"))


def _lease(chosen: argparse.Namespace) -> None:
    version = rotation_files.issuing(chosen.data)
    folder = batches(chosen).lease(chosen.batch, chosen.machine, version, chosen.lines, chosen.who)
    lease = folder.run().lease
    lines, blanks = (f"{span.first}..{span.last}" for span in (lease.lines, lease.blanks))
    say(
        Text(
            f"第 {lease.lease} 段：第 {lines} 行，空白卡 {blanks}：{folder.path}\n",
            f"lease {lease.lease}: lines {lines}, bodies {blanks}: {folder.path}\n",
        )
    )


_INVENTORY, _NEW = noted(Text("清单", "inventory")), noted(Text("新卡", "new cards"))
_ACTIVATE = noted(Text("激活", "activate"))
_MAC_SIZE = 4


@dataclass(frozen=True, slots=True)
class _Bench:
    """A machine at its lease."""

    folder: LeaseFolder
    feeder: Tray
    machine: Machine
    run: Run


@contextmanager
def _bench(chosen: argparse.Namespace) -> Iterator[_Bench]:
    folder = batches(chosen).of_machine(chosen.machine)
    with folder.working() as (run, journal):
        school = school_store(vault_of(chosen))
        transport = school.one(KeyKind.TRANSPORT, TRANSPORT_VERSION).card_key(KeyKind.TRANSPORT)
        with opened_tray(chosen, batches(chosen), folder, run) as feeder, _keys(chosen, school) as keys:
            writer = CardWriter(folder.school(run.lease.version), folder.order, keys, transport)
            try:
                yield _Bench(folder, feeder, Machine(run, journal, writer, feeder, now_s), run)
            finally:
                feeder.clear()


@contextmanager
def _keys(chosen: argparse.Namespace, school: KeyStore) -> Iterator[IssuingKeys]:
    """From where the school's masters are: the store, a token, or both. Retired versions make no card."""
    place, gone = token_place(chosen), rotation_files.retired(chosen.data)
    if not school.versions(KeyKind.TAC) and not token_files.is_ready(chosen.data, place):
        raise ConfigFault(
            Text("密封库中没有主密钥，也没有密码设备", "the store has no masters, and there is no token here")
        )
    with open_masters(chosen.data, school, place, gone) as masters:
        yield of_keeper(masters.keeper)


def _work(chosen: argparse.Namespace) -> None:
    with _bench(chosen) as bench:
        for attempt in bench.machine.work(chosen.most):
            bench.feeder.take_away(attempt)
            sys.stdout.write(f"{_attempt_text(bench.folder, attempt)}\n")
        good, bad = len(bench.run.done), len(bench.run.spoiled)
        left = bench.run.lease.lines.size - len(bench.run.done)
        say(Text(f"好卡 {good}，报废 {bad}，待制 {left}\n", f"good {good}, spoiled {bad}, left {left}\n"))


def _attempt_text(folder: LeaseFolder, attempt: Attempt) -> str:
    line = folder.order.line(attempt.line)
    why, of = heard(attempt.reason), f"{attempt.line} {line.group} {line.label}"
    done = Text("好卡", "good") if attempt.step is Step.DONE else Text(f"报废（{why.zh}）", f"spoiled ({why.en})")
    return str(
        Text(
            f"行 {of}：卡号 {attempt.number}，空白卡 {attempt.blank}：{done.zh}",
            f"line {of}: number {attempt.number}, body {attempt.blank}: {done.en}",
        )
    )


def _seen(chosen: argparse.Namespace) -> None:
    with batches(chosen).of_machine(chosen.machine).working() as (run, journal):
        journal.append(seen_row(name_of(chosen.who), now_s()))
        say(Text(f"报废 {len(run.spoiled)} 张\n", f"spoiled: {len(run.spoiled)}\n"))


def _give_up(chosen: argparse.Namespace) -> None:
    with _bench(chosen) as bench:
        attempt = bench.machine.give_up(chosen.reason)
        bench.feeder.take_away(attempt)
        sys.stdout.write(f"{_attempt_text(bench.folder, attempt)}\n")


def _return(chosen: argparse.Namespace) -> None:
    office = batches(chosen)
    folder = office.of_machine(chosen.machine)
    number = folder.run().lease.lease
    _put_into_deck(chosen.data, folder)
    run = office.take_back(number, chosen.who)
    say(Text(f"好卡 {len(run.done)}，报废 {len(run.spoiled)}\n", f"good {len(run.done)}, spoiled {len(run.spoiled)}\n"))


def _write_off(chosen: argparse.Namespace) -> None:
    office = batches(chosen)
    number = int(office.of_machine(chosen.machine).path.name)
    office.write_off(number, chosen.who)
    say(
        Text(
            f"第 {number} 段：空白卡报废，卡号作废，行待重制\n",
            f"lease {number}: its bodies are waste, its numbers void, its lines free\n",
        )
    )


def _sheet(chosen: argparse.Namespace) -> int:
    office = batches(chosen)
    day = now_s() // DAY_S if chosen.day is None else _day(chosen.day)
    worked = [Worked(folder.run(), folder.order) for folder in office.all_leases()]
    stock = office.office().sheet()
    sys.stdout.write(day_sheet(day, worked, stock))
    return 1 if stock.difference else 0


def _inventory(chosen: argparse.Namespace) -> None:
    vault = vault_of(chosen)
    with changing(chosen.data) as facts:
        school = school_store(vault)
        with _keys(chosen, school) as keys:
            made = facts.with_rows(_rows(chosen, keys), [], now_s())
        new = len(made.cards) - len(facts.inventory.cards)
        vault.record([deed(now_s(), Act.BATCH, chosen.who, f"{_INVENTORY} {made.number}: {_NEW} {new}")])
        facts.publish(made, school)
    say(
        Text(
            f"清单 {made.number}：{new} 张新卡；接着 cloud import\n",
            f"inventory {made.number}: {new} new cards; next: cloud import\n",
        )
    )


def _rows(chosen: argparse.Namespace, keys: IssuingKeys) -> list[CardRow]:
    rows = []
    for folder in batches(chosen).all_leases():
        run, order = folder.run(), folder.order
        school = folder.school(run.lease.version)
        rows += [card_row(school, order, attempt, keys.algorithm(school.version)) for attempt in run.done]
    return rows


def _activate(chosen: argparse.Namespace) -> None:
    if chosen.reader is not None:
        _activate_laid(chosen)
        return
    if chosen.label is None:
        raise ConfigFault(Text("缺少 --label 或 --reader", "--label or --reader is missing"))
    wanted = next((row for row in read_campus(chosen.data).inventory.cards if row.label == chosen.label), None)
    index = json.loads((chosen.data / "cards" / "index.json").read_bytes())
    if wanted is None or chosen.label not in index:
        raise ConfigFault(Text(f"没有此卡：{chosen.label[:32]!r}", f"no such card: {chosen.label[:32]!r}"))
    vault = vault_of(chosen)
    with _keys(chosen, school_store(vault)) as keys:
        vault.record([deed(now_s(), Act.BATCH, chosen.who, f"{_ACTIVATE} {wanted.card.hex()}")])
        with body_file.in_reader(chosen.data / "cards" / index[chosen.label]["file"]) as memory:
            card = UserCard(memory, os.urandom)
            card.power_on()
            activate(card, CAMPUS, wanted.card, _protector(keys.keeper, wanted.key_version))
    say(Text(f"已激活：{chosen.label}\n", f"enabled: {chosen.label}\n"))


def _activate_laid(chosen: argparse.Namespace) -> None:
    """One card after the other; one that is enabled already is a success, one that is not ours is put aside."""
    rows = {row.card: row for row in read_campus(chosen.data).inventory.cards}
    vault, done = vault_of(chosen), 0
    with _keys(chosen, school_store(vault)) as keys, opened_desk(chosen) as (desk, hand):
        for _ in laid_cards(hand, Text("放上要激活的卡", "lay the card to be enabled")):
            try:
                seen = look(desk, CAMPUS)
                row = _row_of(rows, seen.card, chosen.label)
                if not seen.is_enabled:
                    vault.record([deed(now_s(), Act.BATCH, chosen.who, f"{_ACTIVATE} {row.card.hex()}")])
                    activate(desk, CAMPUS, row.card, _protector(keys.keeper, row.key_version))
            except (NotActivated, CardLost) as fault:
                hand.tell(Text(f"放到一边：{fault}", f"put it aside: {fault}"))
                continue
            say(Text(f"已激活：{row.label}\n", f"enabled: {row.label}\n"))
            done += 1
            if chosen.label is not None:
                break
    say(Text(f"共 {done} 张\n", f"{done} cards\n"))


def _row_of(rows: Mapping[CardId, CardRow], card: CardId, label: str | None) -> CardRow:
    """NotActivated when it is in no inventory, or is another than the one that is asked for."""
    row = rows.get(card)
    if row is None:
        raise NotActivated(Text(f"清单中没有卡 {card.hex()}", f"card {card.hex()} is in no inventory"))
    if label is not None and row.label != label:
        raise NotActivated(Text(f"这是 {row.label}，不是 {label}", f"this is {row.label}, not {label}"))
    return row


def _protector(keeper: Keeper, version: int) -> Protect:
    """Line protection on the issuing machine; a desk elsewhere asks the key process for the same."""

    def protect(ask: UpkeepAsk) -> bytes:
        command = plan(ask.operation)
        if command.use is not KeyUse.MAINTENANCE or command.is_hidden:
            raise ConfigFault(Text("此操作不归卡务台", "this is no work of the desk's"))
        head = command.header + bytes((len(command.field) + _MAC_SIZE,)) + command.field
        name = CardKeyName(KeyKind.MAINTENANCE, version, ask.card[2:])
        return head + keeper.protect_mac(name, ask.challenge, head)

    return protect


def _put_into_deck(data: Path, folder: LeaseFolder) -> None:
    """Good software cards go to the campus's cards, the index last; nothing to do for real ones.

    Machines bring their cards back side by side, and each adds to the same index: one at a time.
    """
    run = folder.run()
    if not run.done:
        return
    with alone_in(data / "cards"):
        _add_to_deck(data, folder, run)


def _add_to_deck(data: Path, folder: LeaseFolder, run: Run) -> None:
    order, school = folder.order, folder.school(run.lease.version)
    path = data / "cards" / "index.json"
    index = json.loads(path.read_bytes()) if path.exists() else {}
    tray = data / FOLDER / BLANKS / body_file.DONE
    for attempt in run.done:
        name = f"{attempt.number:05d}.card"
        made = body_file.body_path(tray, attempt.blank)
        if made.exists():
            made.rename(data / "cards" / name)
        if (data / "cards" / name).exists():
            index[order.line(attempt.line).label] = {"file": name, "card": card_of(school, attempt).hex()}
    write_private(path, json.dumps(index, ensure_ascii=False, indent=1).encode() + b"\n")


def _last_day(text: str) -> bytes:
    """A day to come, BCD."""
    day = _day(text, "--subsidy-expires")
    if day * DAY_S <= now_s():
        raise ConfigFault(Text(f"--subsidy-expires: {text} 已过", f"--subsidy-expires: {text} is over"))
    return date_bcd(day * DAY_S)


def _day(text: str, option: str = "--day") -> int:
    try:
        return day_of_date_bcd(bytes.fromhex(text))
    except (ValueError, WireFault) as fault:
        raise ConfigFault(f"{option}: YYYYMMDD") from fault
