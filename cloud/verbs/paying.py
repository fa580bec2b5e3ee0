"""Verbs of providers 支付渠道 and of offline pay codes 脱机付款码. Each step imports only what it needs."""

import argparse

from cloud.verbs.arguments import (
    DECIDES,
    LABEL_HELP,
    LIST,
    WHY,
    Made,
    add_json,
    add_steps,
    add_sum,
    add_who,
    campus_day,
    named,
    need,
)
from shared.input.amount import typed_sum, typed_yuan
from shared.input.command_line import Parser
from shared.input.health_port import add_health
from shared.words.voice import Text

SET = "set"
_NEEDS: dict[str, tuple[str, ...]] = {
    "run": (), "list": (), "items": (), "order": ("card", "fen", "provider", "key"), "bill": ("provider", "day"),
    "settle": ("provider", "day"), "refunds": (), "refund": ("who", "reason"),
    "fees": ("provider", "month"), "ask": ("order",), "propose": ("item", "who", "reason"), **DECIDES,
}  # fmt: skip


def paying_verbs() -> dict[str, Made]:
    """What speaks of providers."""
    return {
        "payments": (
            Text("支付渠道：充值、对账、差错；run 为其进程", "providers: deposits, bills, items; run: the process"),
            _payments,
            (_options, add_sum, add_who, add_json, add_health),
        ),
        "offline-codes": (
            Text("脱机付款码：启停、凭证、当日、停用一张", "offline codes: on, off, certificates, a day, end one"),
            _offline,
            (_offline_options, add_who, add_json),
        ),
        "pay-bounds": (
            Text("账户支付限额：每笔、一卡一天", "bounds of account payments: of one, of a card and day"),
            _bounds,
            (_bounds_options, add_who, add_json),
        ),
    }


def _options(parser: Parser) -> None:
    steps = Text(
        "run 进程；list 订单；order 下单；bill 三方核对；settle 结算；items 差错；refunds 在途退款；ask 再问；"
        "fees 一月手续费，与 --invoice 发票核对；"
        "propose 处理差错、refund 退款，另一人 confirm 或 reject",
        "run, list orders, order, bill (fetch and match), settle (to the bank), items, refunds, ask again; "
        "fees of a month, held against its --invoice; "
        "propose (an item) or refund (--order and --fen, or --item), and another person's confirm or reject",
    )
    add_steps(parser, tuple(_NEEDS), steps)
    parser.add_argument("--provider", metavar="NAME", help=Text("渠道名", "wechat, alipay, bank"))
    parser.add_argument("--day", metavar="DATE", help=Text("账单日", "day of the bill, as 2026-11-27"))
    parser.add_argument("--month", metavar="MONTH", help=Text("月份，如 2026-11", "a month, as 2026-11"))
    invoice = Text("发票上的金额（元）", "what its invoice says, yuan")
    parser.add_argument("--invoice", type=typed_yuan, metavar="SUM", help=invoice)
    parser.add_argument("--card", metavar="LABEL", help=LABEL_HELP)
    parser.add_argument("--key", metavar="TEXT", help=Text("幂等键", "a name for it: the same key is one order"))
    parser.add_argument("--order", metavar="NUMBER", help=Text("商户订单号", "the order's number"))
    parser.add_argument("--item", type=int, metavar="N", help=Text("差错号", "number of an item"))
    parser.add_argument("--proposal", type=int, metavar="N", help=Text("提议号", "number of a proposal"))
    parser.add_argument("--reason", metavar="TEXT", help=WHY)
    parser.add_argument(
        "--clock", metavar="T0:REAL0:SPEED", help=Text("回放用的校园时钟", "the campus clock of a replay")
    )
    parser.add_argument(
        "--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when standard input closes")
    )


def _payments(chosen: argparse.Namespace) -> int:
    need(chosen, *_NEEDS[chosen.step])
    if chosen.step == "run":
        return _run(chosen)
    from cloud.commands import payments

    where = chosen.data, chosen.dsn
    if chosen.step == "order":
        return payments.order(*where, chosen.card, chosen.fen, chosen.provider, chosen.key, named(chosen))
    if chosen.step == "bill":
        return payments.bill(*where, chosen.provider, chosen.day, named(chosen))
    if chosen.step == "settle":
        return payments.settle(*where, chosen.provider, chosen.day, named(chosen))
    if chosen.step == "refund":
        need(chosen, *(() if chosen.item else ("order", "fen")))
        order, fen, item = chosen.order or "", chosen.fen or 0, chosen.item or 0
        return payments.refund(*where, order, fen, item, chosen.who, chosen.reason)
    if chosen.step == "fees":
        who = named(chosen) if chosen.invoice is not None else ""
        return payments.fees(*where, chosen.provider, chosen.month, chosen.invoice, chosen.reason or "", who)
    if chosen.step == "ask":
        return payments.ask(*where, chosen.order)
    if chosen.step == "propose":
        return payments.propose(*where, chosen.item, chosen.card or "", chosen.who, chosen.reason)
    if chosen.step in DECIDES:
        reason = chosen.reason if chosen.step == "reject" else None
        return payments.decide(*where, chosen.proposal, chosen.who, reason)
    shown = {"items": payments.show_items, "refunds": payments.show_refunds}.get(chosen.step, payments.show)
    return shown(*where, as_json=chosen.json)


def _run(chosen: argparse.Namespace) -> int:
    from cloud.payments.deposits.run import run
    from cloud.process.settings import load_settings
    from shared.clocks.campus_clock import parse_clock

    settings = load_settings(chosen.data)
    clock = parse_clock(chosen.clock)
    return run(settings, settings.books(chosen.dsn), clock, chosen.health, to_end=chosen.end_with_stdin)


def _bounds_options(parser: Parser) -> None:
    add_steps(parser, (LIST, SET), Text("list 现在的；set 另定", "list what counts; set others"))
    one = Text("set：每笔至多几元，10..2000", "set: yuan of one payment at most, 10..2000")
    parser.add_argument("--one", type=typed_sum, dest="one_fen", metavar="SUM", help=one)
    day = Text("set：一卡一天至多几元，100..5000", "set: yuan of a card and day at most, 100..5000")
    parser.add_argument("--day", type=typed_sum, dest="day_fen", metavar="SUM", help=day)
    parser.add_argument("--reason", default="", metavar="TEXT", help=Text("缘由", "why"))


def _bounds(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance import pay_bounds

    if chosen.step == LIST:
        return pay_bounds.listing(chosen.data, chosen.dsn, as_json=chosen.json)
    told = chosen.one_fen, chosen.day_fen, named(chosen), chosen.reason
    return pay_bounds.set_bounds(chosen.data, chosen.dsn, *told, as_json=chosen.json)


def _offline_options(parser: Parser) -> None:
    steps = Text(
        "list 规则与当日，--card 其凭证；on 启用；off 停用；end 停用一张凭证",
        "list the rule and a day, --card: its certificates; on; off; end a certificate",
    )
    add_steps(parser, (LIST, "on", "off", "end"), steps)
    parser.add_argument("--card", metavar="LABEL", help=LABEL_HELP)
    parser.add_argument("--on-day", type=campus_day, metavar="DAY", help=Text("哪天，缺省今天", "which day (today)"))
    parser.add_argument("--uses", type=int, metavar="N", help=Text("on：每张凭证几次，1 或 2", "on: uses, 1 or 2"))
    one = Text("on：每码至多几元", "on: yuan of a code at most")
    parser.add_argument("--one", type=typed_sum, dest="one_fen", metavar="SUM", help=one)
    day = Text("on：每台终端每日至多几元", "on: yuan of a terminal and day at most")
    parser.add_argument("--day", type=typed_sum, dest="day_fen", metavar="SUM", help=day)
    loss = Text("on：损失由谁承担，缺省学校", "on: who bears losses (the school)")
    parser.add_argument("--loss-account", default="", metavar="NAME", help=loss)
    parser.add_argument("--certificate", type=int, metavar="N", help=Text("end：凭证号", "end: its number"))
    parser.add_argument("--reason", default="", metavar="TEXT", help=Text("缘由", "why"))


def _offline(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance import offline_codes
    from cloud.ledger.funds.offline.terms import CodeRule

    where = chosen.data, chosen.dsn
    if chosen.step == LIST:
        return offline_codes.listing(*where, chosen.card, chosen.on_day, as_json=chosen.json)
    if chosen.step == "end":
        need(chosen, "card", "certificate")
        return offline_codes.end(*where, chosen.card, chosen.certificate, named(chosen), as_json=chosen.json)
    rule = CodeRule()
    if chosen.step == "on":
        rule = offline_codes.require_rule(chosen.uses, chosen.one_fen, chosen.day_fen, chosen.loss_account)
    return offline_codes.switch(*where, rule, named(chosen), chosen.reason, as_json=chosen.json)
