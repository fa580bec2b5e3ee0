"""What a ledger is asked by command: is it true (`verify`), and what does it add up to (`report`). Changes nothing."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from cloud.commands.chains.witnesses import AtHand, witnesses
from cloud.commands.opening import open_books, wall_now
from cloud.commands.shown import Shown, compare
from cloud.keys.client import KeyClient
from cloud.ledger.books.chart import BANK, FUND, AccountKind
from cloud.ledger.checks.verify import Check, Report
from cloud.ledger.checks.verify import verify as check_ledger
from cloud.ledger.read.loads import LoadStanding
from cloud.ledger.read.put_backs import PutBackView
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.rides import LineRides
from cloud.ledger.read.views import TerminalCount
from cloud.ledger.records.values import CheckTac
from cloud.process.settings import load_settings
from cloud.words.both import both, halves
from cloud.words.loads import load_lines
from cloud.words.open_cases import ROWS_MAX, SUSPENSE, TRANSIT, VOID, open_cases
from cloud.words.put_backs import one_line
from cloud.words.rides import line_words
from shared.errors import StoreFault
from shared.ids import CardId
from shared.money import yuan
from shared.purse.tac import ITEM_SIZE
from shared.words.columns import left
from shared.words.screen import Ink, Inks, ProgressLine
from shared.words.spans import span
from shared.words.voice import Text

NAMES = {
    "file": Text("账本文件", "file"),
    "balances": Text("余额", "balances"),
    "entries": Text("分录", "entries"),
    "records": Text("记录", "records"),
    "tacs": Text("复核 TAC", "TACs again"),
    "voids": Text("撤销", "voids"),
    "keys": Text("唯一键", "unique keys"),
    "marks": Text("回执标记", "ack marks"),
    "gaps": Text("缺号", "lost numbers"),
    "backup-marks": Text("备份标记", "backup marks"),
    "batch-chain": Text("批次链", "batch chain"),
    "book-chain": Text("账内链", "book-only chain"),
    "cards": Text("逐卡", "cards"),
    "differences": Text("卡账差异", "differences"),
    "looks": Text("逐笔查看", "looks"),
    "findings": Text("发现", "findings"),
    "closing": Text("卡账核对", "cards that close"),
    "discounts": Text("折扣承担", "discounts"),
    "losses": Text("挂失后损失", "losses"),
    "thefts": Text("失窃", "thefts"),
    "two-persons": Text("双人", "two persons"),
    "quarantine": Text("隔离", "quarantine"),
    "device-orders": Text("终端指令", "orders about terminals"),
    "desk": Text("卡务", "desk"),
    "days": Text("校园日结", "days of the campus"),
    "bank": Text("银行数", "bank figures"),
    "deposits": Text("渠道充值", "provider deposits"),
    "refunds": Text("渠道退款与结算", "refunds and settlements"),
    "spares": Text("备用卡", "spare cards"),
    "documents": Text("下发文件", "documents"),
    "jobs": Text("任务行", "job rows"),
    "parameters": Text("参数", "parameters"),
    "roll-outs": Text("固件升级", "roll-outs of firmware"),
    "payments": Text("账户支付", "account payments"),
    "meals": Text("应急餐", "emergency meals"),
    "offline-codes": Text("脱机付款码", "offline codes"),
    "online-payments": Text("在线支付", "online payments"),
    "till-orders": Text("收款码", "tills' codes"),
    "open-cases": Text("未结", "open cases"),
    "put-back": Text("见证", "witnesses"),
    "unasked": Text("未问到的见证", "witnesses not asked"),
}
SUMS = {
    "records": Text("记录", "records"),
    "posted": Text("入账", "posted"),
    "held": Text("  其中待核", "  of it held"),
    "suspense": Text("挂账", "suspense"),
    "quarantined": Text("隔离", "quarantined"),
    "no_entry": Text("无分录", "no entry"),
    "zero_rides": Text("  其中上车未扣", "  of it boardings, not charged"),
    "duplicates": Text("重复到达", "duplicates"),
    "opening_fen": Text("期初余额", "opening balances"),
    "subsidy_opening_fen": Text("  其中补助", "  of it subsidy"),
    "loads": Text("圈存", "loads"),
    "loads_fen": Text("圈存合计", "loaded"),
    "spent_fen": Text("消费合计", "spent"),
    "subsidy_spent_fen": Text("  其中补助", "  of it subsidy"),
    "purse_float_fen": Text("卡内余额总账", "purse float"),
    "subsidy_fen": Text("  其中补助", "  of it subsidy"),
    "pending_fen": Text("过渡余额", "pending load"),
    "pending_subsidy_fen": Text("待回补助", "subsidy given back"),
    "voids": Text("撤销", "voids"),
    "voided_fen": Text("撤销合计", "voided"),
    "payments": Text("账户支付", "account payments"),
    "payments_fen": Text("账户支付合计", "paid by accounts"),
    "online_fen": Text("电子账户", "online accounts"),
    "transit_fen": Text("圈存在途", "loads in transit"),
    "deposits_fen": Text("充值", "deposits"),
    "unloads_fen": Text("圈提", "unloads"),
    "replaced_fen": Text("换卡补卡", "replaced"),
    "granted_fen": Text("发放", "grants"),
    "suspense_fen": Text("挂账合计", "in suspense"),
    "differences": Text("未说明的差异", "unexplained differences"),
    "differences_explained": Text("  已说明的", "  explained ones"),
    "difference_fen": Text("差异合计", "sum of differences"),
    "loss_fen": Text("挂失后损失", "loss after report"),
    "loss_provision_fen": Text("  其中准备", "  of it provided"),
}
"""What `report` prints of the sums, in this order."""
KINDS = {
    TRANSIT: Text("圈存在途", "load in transit"),
    SUSPENSE: Text("灰记录", "unproven record"),
    VOID: Text("撤销", "void"),
}
"""Of open cases."""
SUMS_WIDTH = 36
NAME_WIDTH = 24
CASES_MAX = 1000
"""Most open cases of a kind that a report looks at; the reader has a bound of its own."""


def verify(data: Path, dsn: str | None, keys: Path | None, checkpoints: Sequence[Path] = (), *, as_json: bool) -> int:
    """0 when all is true, 1 when not. Without `keys` no TAC is asked again, and the output says so.

    The boxes of this data folder, and these checkpoints, bear witness of what the ledger must contain.
    """
    at_hand = witnesses(load_settings(data), checkpoints)
    try:
        with open_books(data, dsn) as reader:
            found = _checked(reader, keys, at_hand)
            half_done = [] if as_json else reader.load_standings(wall_now(), ROWS_MAX, open_only=True)
            back = reader.put_back()
    except StoreFault as fault:  # a ledger that cannot even be read is not true
        found, half_done, back = Report((Check("file", 0, str(fault)),)), [], PutBackView()
    if as_json:
        checks = [{**asdict(check), "note": both(check.note), "ok": not check.broken} for check in found.checks]
        _say_json({"ok": found.ok, "first_broken": found.first_broken, "checks": checks})
    else:
        for line in _table(found, half_done, asked=keys is not None):
            sys.stdout.write(line + "\n")
        sys.stdout.write("".join(f"{one_line(back)}\n" for _ in back.found[:1]))
    return 0 if found.ok else 1


def report(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """The sums since the first start, and what the terminals have shown against what was posted."""
    with ProgressLine(sys.stderr, os.environ) as progress, open_books(data, dsn) as reader:
        progress.tell(Text("汇总账本", "adding up the ledger"))

        def kinds_of(card: CardId, application: int, counter: int) -> list[str]:
            return [entry.kind for entry in reader.entries(card, counter, application)]

        sums = _sums(reader, compare(data, kinds_of, reader.coming().may_come))
    if as_json:
        _say_json(sums)
    else:
        sys.stdout.writelines(f"{line}\n" for line in _report_lines(sums))
    return 0


def _report_lines(sums: dict[str, Any]) -> Iterator[str]:
    """For a person: counts, and money in yuan."""
    for name, words in SUMS.items():
        value = sums[name]
        said = f"¥{yuan(value)}" if name.endswith("_fen") else str(value)
        yield f"{left(words, SUMS_WIDTH)}{said:>16}"
    if sums["put_back"]["said"]:
        yield f"  {Text(*sums['put_back']['said'])}"
    for row in sums["rides"]:
        yield f"  {line_words(LineRides(**row))}"
    for case in sums["open"]:
        yield f"  {_open_case(case)}"


def _open_case(case: dict[str, Any]) -> Text:
    kind, place = KINDS[case["kind"]], f"{case['terminal']} #{case['number']}"
    card, fen, (zh, en) = case["card"], yuan(case["amount_fen"]), span(case["age_s"])
    will_zh, will_en = halves(Text(*case["will"]) if case["will"] else None)
    return Text(
        f"未结：{kind.zh}  ¥{fen}  卡 {card}  {place}  {zh}前  {will_zh}".rstrip(),
        f"open: {kind.en}  ¥{fen}  card {card}  {place}  {en} ago  {will_en}".rstrip(),
    )


def _checked(reader: Reader, keys: Path | None, at_hand: AtHand) -> Report:
    with ProgressLine(sys.stderr, os.environ) as progress:
        tell = partial(progress.tell, Text("核对账本", "checking the ledger"))
        if keys is None:
            found = check_ledger(reader, _unasked, *at_hand, tell)
            return Report(tuple(check for check in found.checks if check.name != "tacs"))
        with KeyClient(keys) as client:
            check_tac: CheckTac = client.check_tac
            return check_ledger(reader, check_tac, *at_hand, tell)


def _unasked(items: bytes) -> bytes:
    """Stands in for the key process; the check that it would answer is left out of the report."""
    return bytes(len(items) // ITEM_SIZE)


def _table(found: Report, half_done: list[LoadStanding], *, asked: bool) -> Iterator[str]:
    for check in found.checks:
        yield _row(check)
    for one in half_done:
        yield from (f"    {line}" for line in load_lines(one))
    if not asked:
        yield f"  —  {_UNASKED}"
    ink = Ink.BAD if not found.ok else Ink.CARE if found.warns else Ink.GOOD
    yield Inks(sys.stdout, os.environ)(ink, _conclusion(found))


_UNASKED = Text("未复核 TAC（缺 --keys）", "TACs were not checked again (no --keys)")
_BESIDE = {
    "differences": Text("已说明的差异", "differences that are explained"),
    "looks": Text("长时间无人查看的分录", "entries that were not looked at for long"),
    "losses": Text("挂失后损失", "losses after reports, which the school bears"),
    "put-back": Text("放回的旧账本", "an older copy that was put back"),
    "unasked": Text("未问到的见证", "witnesses that could not be asked"),
}
"""What is true and yet not as it should be, by the check's name."""


def _conclusion(found: Report) -> Text:
    if not found.ok:
        return Text(f"账本有误：{found.first_broken}", f"the ledger is NOT TRUE: {found.first_broken}")
    beside = [_BESIDE[check.name] for check in found.checks if check.warns]
    if beside:
        zh, en = "、".join(words.zh for words in beside), ", ".join(words.en for words in beside)
        return Text(f"账本无误，另有{zh}", f"the ledger is true, beside {en}")
    return Text("账本无误", "the ledger is true")


def _row(check: Check) -> str:
    name = str(NAMES.get(check.name, check.name))
    ink, mark = (Ink.BAD, "✗") if check.broken else (Ink.CARE, "△") if check.warns else (Ink.GOOD, "✓")
    inked = Inks(sys.stdout, os.environ)(ink, mark)
    return f"  {inked} {left(name, NAME_WIDTH)}{check.checked:>10}  {check.broken or check.note or ''}".rstrip()


def _sums(reader: Reader, shown: Shown) -> dict[str, Any]:
    view = reader.overview()
    terminals: dict[str, dict[str, Any]] = {}
    zero_rides = reader.zero_rides()
    for row in sorted(reader.by_terminal(), key=lambda row: (row.name, row.epoch)):
        terminals[row.name] = _added(terminals.get(row.name), row)
        terminals[row.name]["zero_rides"] = zero_rides.get(row.device, 0)
    now, desk, subsidy = wall_now(), reader.desk_sums(), reader.subsidy_sums()
    differences, back = reader.standing_differences(), reader.put_back()
    losses = reader.loss_sums()
    half_done = reader.load_standings(now, CASES_MAX, open_only=True)
    still_open = open_cases(half_done, reader.suspense(CASES_MAX), reader.voids(CASES_MAX), now.unix_ms)
    for name, (taps, loads) in shown.by_terminal.items():
        if name in terminals:
            terminals[name] |= {"taps": taps, "loads_shown": loads}
    return {
        "records": view.records,
        "posted": view.posted,
        "held": view.held,
        "suspense": view.suspense,
        "quarantined": view.quarantined,
        "no_entry": view.no_entry,
        "zero_rides": sum(zero_rides.values()),
        "rides": [asdict(line) for line in reader.line_rides()],
        "duplicates": view.duplicates,
        "opening_fen": view.opening_fen,
        "loads": view.loads,
        "loads_fen": view.loads_fen,
        "spent_fen": view.spent_fen,
        "purse_float_fen": view.float_fen,
        "subsidy_opening_fen": subsidy.opening_fen,
        "subsidy_spent_fen": subsidy.spent_fen,
        "subsidy_fen": view.subsidy_fen,
        "pending_fen": view.pending_fen,
        "pending_subsidy_fen": view.pending_subsidy_fen,
        "voids": view.voids,
        "voided_fen": view.voided_fen,
        "payments": view.payments,
        "payments_fen": view.payments_fen,
        "online_fen": view.online_fen,
        "transit_fen": view.transit_fen,
        "deposits_fen": _balance_fen(reader, BANK) + _providers_fen(reader) + desk.cash_fen - view.opening_fen,
        "unloads_fen": desk.unloads_fen,
        "replaced_fen": desk.replaced_fen,
        "subsidy_replaced_fen": subsidy.replaced_fen,
        "granted_fen": -_balance_fen(reader, FUND.code),
        "suspense_fen": sum(case.amount_fen for case in still_open if case.kind == SUSPENSE),
        "difference_fen": view.difference_fen,
        "differences": differences.unexplained,
        "differences_explained": differences.explained,
        "explained_fen": differences.explained_fen,
        "losses": losses.purchases,
        "loss_fen": losses.fen,
        "loss_provision_fen": losses.provision_fen,
        "loss_purses_fen": losses.purses_fen,
        "loss_subsidy_fen": losses.subsidy_fen,
        "shown": {
            "taps": shown.taps, "mixed": shown.mixed, "loads": shown.loads, "lost": shown.lost,
            "double": shown.double, "first": shown.first, "owed": shown.owed, "owed_fen": shown.owed_fen,
            "owed_subsidy_fen": shown.owed_subsidy_fen, "owed_by": [asdict(one) for one in shown.owed_by],
        },
        "put_back": {"open": len(back.waits), "said": both(one_line(back) if back.found else None)},
        "open": [{**asdict(case), "will": both(case.will)} for case in still_open[:ROWS_MAX]],
        "terminals": terminals,
    }  # fmt: skip


def _balance_fen(reader: Reader, code: str) -> int:
    """Of the bank: opening balances, deposits and what it paid for grants. Of the fund: negative by what it gave."""
    return sum(account.balance_fen for account in reader.trial_balance() if account.code == code)


def _providers_fen(reader: Reader) -> int:
    """What providers have of deposits, less what nobody can say whose it is."""
    kinds = {str(AccountKind.PROVIDER): 1, str(AccountKind.UNCLEAR): -1}
    found = ((account.code.partition(":")[0], account.balance_fen) for account in reader.trial_balance())
    return sum(kinds.get(kind, 0) * fen for kind, fen in found)


def _added(before: dict[str, Any] | None, row: TerminalCount) -> dict[str, Any]:
    """Counts over all epochs of a terminal; the sequence range is that of the newest."""
    sums = ("posted", "suspense", "quarantined", "spent_fen", "voids", "voided_fen", "loads", "loads_fen")
    old = before or dict.fromkeys(sums, 0)
    return {
        "place": row.place,
        "merchant": row.merchant,
        "first_seq": row.first,
        "last_seq": row.last,
        "taps": 0,
        "posted": old["posted"] + row.posted,
        "suspense": old["suspense"] + row.suspense,
        "quarantined": old["quarantined"] + row.quarantined,
        "spent_fen": old["spent_fen"] + row.spent_fen,
        "voids": old["voids"] + row.voids,
        "voided_fen": old["voided_fen"] + row.voided_fen,
        "loads": old["loads"] + row.loads,
        "loads_fen": old["loads_fen"] + row.loaded_fen,
    }


def _say_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
