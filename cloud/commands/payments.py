"""`cloud payments`: providers' orders, bills and items by hand; `run` is their process, `demo` makes a play of them."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cloud.commands.imports import read_inventory
from cloud.commands.opening import open_books, wall_now
from cloud.ledger.funds.providers.invoices import MonthFees, month_fees, take_invoice
from cloud.ledger.funds.providers.items import Item, items
from cloud.ledger.funds.providers.orders import counts, in_state
from cloud.ledger.funds.providers.refunds import refunds_in
from cloud.ledger.funds.providers.terms import OPEN, DepositOrder, DepositRefund, OrderState, RefundState
from cloud.ledger.held.deposits.items import DepositItemsLedger
from cloud.ledger.held.deposits.refunds import RefundLedger
from cloud.ledger.held.two_persons import ProposalKind, proposal
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import DepositRefused
from cloud.payments.deposits.life import Deposits
from cloud.payments.deposits.settings import read_providers
from cloud.process.settings import FOLDER, CloudSettings, load_settings
from cloud.words.balance.deposits import KINDS, REFUNDS, STATES
from shared.clocks.clock import day_number
from shared.errors import ConfigFault
from shared.money import yuan
from shared.words.voice import Text

LISTED = 50


@contextmanager
def opened_deposits(settings: CloudSettings, dsn: str | None) -> Iterator[Deposits]:
    """Over the books and providers of a data folder."""
    with closing(open_prepared(settings.books(dsn))) as opened:
        yield Deposits(opened, read_providers(settings.data / FOLDER), wall_now)


def order(data: Path, dsn: str | None, card: str, fen: int, provider: str, key: str, who: str) -> int:
    """Make one; the process sends it."""
    settings = load_settings(data)
    found = next((row.card for row in read_inventory(settings).cards if row.label == card), None)
    if found is None:
        raise ConfigFault(Text(f"没有这张卡：{card[:32]}", f"no such card: {card[:32]}"))
    with opened_deposits(settings, dsn) as deposits:
        made = deposits.order(key, found, fen, provider, who)
    sys.stdout.write(f"{_line(made)}\n")
    return 0


def bill(data: Path, dsn: str | None, provider: str, day: str, who: str) -> int:
    """Fetch and match; 1 where something waits for two persons."""
    settings = load_settings(data)
    with opened_deposits(settings, dsn) as deposits:
        if provider not in deposits.providers:
            raise ConfigFault(Text("没有此渠道", "no such provider"))
        found = deposits.bill(provider, day, who)
        waiting = [one for one in deposits.open_items() if one.provider == provider]
    again = Text("（此账单先前已取）", " (this bill was taken in before)") if found.again else ""
    said = Text(
        f"{provider} {day}：{found.lines} 笔，相符 {found.matched}，凭账单入账 {found.posted}，退款 {found.refunds}，"
        f"差错 {found.items}",
        f"{provider} {day}: {found.lines} lines, {found.matched} match, {found.posted} posted by the bill, "
        f"{found.refunds} refunds, {found.items} items",
    )
    sys.stdout.write(f"{said}{again}\n")
    _write_items(waiting)
    return 1 if waiting else 0


def settle(data: Path, dsn: str | None, provider: str, day: str, who: str) -> int:
    """Fetch what a provider brought to the bank; 1 where something waits for two persons."""
    settings = load_settings(data)
    with opened_deposits(settings, dsn) as deposits:
        if provider not in deposits.providers:
            raise ConfigFault(Text("没有此渠道", "no such provider"))
        found = deposits.settlement(provider, day, who)
        waiting = [one for one in deposits.open_items() if one.provider == provider]
    again = Text("（此结算先前已取）", " (this settlement was taken in before)") if found.again else ""
    said = Text(
        f"{provider} {day}：到行 ¥{yuan(found.settled_fen)}，手续费 ¥{yuan(found.fee_fen)}，差错 {found.items}",
        f"{provider} {day}: ¥{yuan(found.settled_fen)} to the bank, fees ¥{yuan(found.fee_fen)}, {found.items} items",
    )
    sys.stdout.write(f"{said}{again}\n")
    _write_items(waiting)
    return 1 if waiting else 0


def fees(
    data: Path, dsn: str | None, provider: str, month: str, invoice: int | None, note: str, who: str
) -> int:  # fmt: skip
    """What a provider kept in a month; with the sum of its invoice, kept and held against it. 1: they differ, or a day
    is missing."""
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        try:
            if invoice is not None:
                with opened.writing(wall_now()) as writing:
                    found = take_invoice(writing, provider, month, invoice, note, who)
            else:
                with opened.database.reading():
                    found = month_fees(opened.database, provider, month, day_number(wall_now().campus_s))
        except DepositRefused as fault:
            raise ConfigFault(fault.args[0]) from fault
    sys.stdout.write("".join(f"{line}\n" for line in _fee_lines(found)))
    return 1 if found.apart_fen or found.missing else 0


def _fee_lines(found: MonthFees) -> Iterator[Text]:
    kept = yuan(found.fees_fen)
    yield Text(
        f"{found.provider} {found.month}：手续费 ¥{kept}（凭账单与结算）",
        f"{found.provider} {found.month}: ¥{kept} of fees by its bills and settlements",
    )
    if found.missing:
        days = found.missing
        yield Text(f"缺 {days} 天的文件，手续费未知", f"{days} days have no file: their fees are unknown")
    if found.invoice_fen >= 0:
        said, apart = yuan(found.invoice_fen), yuan(abs(found.apart_fen))
        way = Text("多", "more") if found.apart_fen > 0 else Text("少", "less")
        if found.apart_fen:
            yield Text(f"发票 ¥{said}，{way.zh} ¥{apart}", f"its invoice says ¥{said}, ¥{apart} {way.en}")
        else:
            yield Text(f"发票 ¥{said}，相符", f"its invoice says ¥{said}: the same")


def refund(data: Path, dsn: str | None, number: str, fen: int, item: int, who: str, reason: str) -> int:
    """The first person's word: so much of this order, or all that waits because of this item, goes back."""
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        ledger = RefundLedger(opened)
        if item:
            made = ledger.propose_item(item, who, reason, wall_now())
        else:
            made = ledger.propose(number, fen, who, reason, wall_now())
    said = Text(f"提议 {made.number}，待另一人确认", f"proposal {made.number} waits for another person")
    sys.stdout.write(f"{said}\n")
    return 0


def show_refunds(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """What is on its way; 1: some wait for a person."""
    with open_books(data, dsn) as reader, reader.database.reading():
        found = refunds_in(reader.database, OPEN, LISTED)
    if as_json:
        rows = [
            {"refund": one.number, "order": one.order, "provider": one.provider, "fen": one.fen,
             "state": RefundState(one.state).name.lower()}
            for one in found
        ]  # fmt: skip
        sys.stdout.write(json.dumps(rows) + "\n")
    else:
        sys.stdout.write("".join(f"  {_refund_line(one)}\n" for one in found))
        sys.stdout.write("" if found else f"{Text('没有在途退款', 'no refund is on its way')}\n")
    return 1 if any(one.state == RefundState.PERSON for one in found) else 0


def show(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """How all orders stand, and which wait for a person."""
    with open_books(data, dsn) as reader, reader.database.reading():
        told = counts(reader.database)
        waiting = in_state(reader.database, OrderState.PERSON, LISTED)
        sent = in_state(reader.database, OrderState.SENT, LISTED)
    if as_json:
        sys.stdout.write(json.dumps({"orders": told, "for_person": [one.number for one in waiting]}) + "\n")
        return 1 if waiting else 0
    for state, name in STATES.items():
        sys.stdout.write(f"  {name}: {told[state.name.lower()]}\n")
    for one in (*waiting, *sent):
        sys.stdout.write(f"  {_line(one)}\n")
    return 1 if waiting else 0


def show_items(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """What waits for two persons."""
    with open_books(data, dsn) as reader, reader.database.reading():
        found = items(reader.database, only_open=True)
    if as_json:
        sys.stdout.write(json.dumps([_plain(one) for one in found], ensure_ascii=False) + "\n")
    else:
        _write_items(found)
        sys.stdout.write("" if found else f"{Text('没有差错', 'no items')}\n")
    return 1 if found else 0


def ask(data: Path, dsn: str | None, number: str) -> int:
    """Ask the provider again, soon."""
    with opened_deposits(load_settings(data), dsn) as deposits:
        if not deposits.ask_again(number):
            raise ConfigFault(Text("没有此订单，或已入账", "no such order, or it is posted"))
    sys.stdout.write(f"{Text('已排入查询', 'it will be asked for')}\n")
    return 0


def propose(data: Path, dsn: str | None, item: int, card: str, who: str, reason: str) -> int:
    """The first person's word on an item."""
    settings = load_settings(data)
    found = next((row.card for row in read_inventory(settings).cards if row.label == card), b"") if card else b""
    if card and not found:
        raise ConfigFault(Text(f"没有这张卡：{card[:32]}", f"no such card: {card[:32]}"))
    with closing(open_prepared(settings.books(dsn))) as opened:
        made = DepositItemsLedger(opened).propose(item, bytes(found), who, reason, wall_now())
    said = Text(f"提议 {made.number}，待另一人确认", f"proposal {made.number} waits for another person")
    sys.stdout.write(f"{said}\n")
    return 0


def decide(data: Path, dsn: str | None, number: int, who: str, reason: str | None) -> int:
    """The second person's word; reason: of a rejection."""
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        with opened.database.reading():
            is_refund = proposal(opened.database, number).kind is ProposalKind.REFUND
        ledger = RefundLedger(opened) if is_refund else DepositItemsLedger(opened)
        if reason is None:
            ledger.confirm(number, who, wall_now())
        else:
            ledger.reject(number, who, reason, wall_now())
    sys.stdout.write(f"{Text('已记', 'done')}\n")
    return 0


def _write_items(found: list[Item]) -> None:
    for one in found:
        said = Text(
            f"差错 {one.ident} {KINDS[one.kind].zh}：交易 {one.txn}，订单 {one.number}，账单 {yuan(one.bill_fen)}，"
            f"账本 {yuan(one.books_fen)}",
            f"item {one.ident}, {KINDS[one.kind].en}: transaction {one.txn}, order {one.number}, "
            f"bill {yuan(one.bill_fen)}, books {yuan(one.books_fen)}",
        )
        sys.stdout.write(f"  {said}\n")


def _refund_line(one: DepositRefund) -> str:
    return f"{one.number}  {one.provider}  ¥{yuan(one.fen)}  {REFUNDS[RefundState(one.state)]}  {one.reason}"


def _plain(one: Item) -> dict[str, object]:
    return {
        "item": one.ident, "provider": one.provider, "kind": one.kind.name.lower(), "txn": one.txn,
        "order": one.number, "bill_fen": one.bill_fen, "books_fen": one.books_fen,
    }  # fmt: skip


def _line(one: DepositOrder) -> str:
    pay = f"  {one.pay}" if one.pay else ""
    return f"{one.number}  {one.provider}  ¥{yuan(one.fen)}  {STATES[OrderState(one.state)]}{pay}"
