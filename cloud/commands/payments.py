"""`cloud payments`: providers' orders, bills and items by hand; `run` is their process, `demo` makes a play of them."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cloud.commands.imports import read_inventory
from cloud.commands.opening import open_books, wall_now
from cloud.ledger.funds.providers.items import Item, ItemKind, items
from cloud.ledger.funds.providers.orders import counts, in_state
from cloud.ledger.funds.providers.terms import DepositOrder, OrderState
from cloud.ledger.held.deposit_items import DepositItemsLedger
from cloud.ledger.journal.opened import open_prepared
from cloud.payments.deposits.life import Deposits
from cloud.payments.deposits.settings import read_providers
from cloud.process.settings import FOLDER, CloudSettings, load_settings
from shared.errors import ConfigFault
from shared.money import yuan
from shared.words.voice import Text

LISTED = 50
STATES = {
    OrderState.MADE: Text("已下单", "made"), OrderState.SENT: Text("待支付", "to be paid"),
    OrderState.PAID: Text("已入账", "posted"), OrderState.CLOSED: Text("已关闭", "closed"),
    OrderState.REFUNDED: Text("已退款", "refunded"), OrderState.PERSON: Text("待人工", "for a person"),
}  # fmt: skip
KINDS = {
    ItemKind.UNKNOWN: Text("账单有、非我订单", "of nobody's order"), ItemKind.LONG: Text("长款", "over"),
    ItemKind.SHORT: Text("短款", "short"),
    ItemKind.UNKNOWN_REFUND: Text("非我订单的退款", "a refund of nobody's order"),
    ItemKind.UNCLEAR: Text("待查款", "unclear"),
}  # fmt: skip


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
        ledger = DepositItemsLedger(opened)
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


def _plain(one: Item) -> dict[str, object]:
    return {
        "item": one.ident, "provider": one.provider, "kind": one.kind.name.lower(), "txn": one.txn,
        "order": one.number, "bill_fen": one.bill_fen, "books_fen": one.books_fen,
    }  # fmt: skip


def _line(one: DepositOrder) -> str:
    pay = f"  {one.pay}" if one.pay else ""
    return f"{one.number}  {one.provider}  ¥{yuan(one.fen)}  {STATES[OrderState(one.state)]}{pay}"
