"""The words of `python -m edge.desk`: every verb and its options."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.desk.card.adding import What
from edge.desk.doors.finding import Line
from edge.desk.doors.laying import Laying
from edge.desk.reading.words import CLASSES
from shared.clocks.clock import day_of_date_bcd
from shared.errors import WireFault
from shared.input.amount import AMOUNT_HELP, typed_sum, typed_yuan
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.words.voice import Text

ABOUT = Text(
    "卡务台：读卡、充值圈存、圈提、口令、锁定、换卡、日结。\n卡在读卡器里，或是演示卡文件。金额以元计。",
    "The card desk: read, load, unload, PIN, block, replace, close the day.\n"
    "The card lies in a reader or is a demonstration's file. Sums are in yuan.",
)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The chosen verb and its options; SystemExit 2 for wrong use."""
    parser = Parser(prog="./ykt desk", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    _Verbs(parser).add_all()
    return parser.parse_args(arguments)


def line_of(given: argparse.Namespace) -> Line:
    """What they say of the line to the ledger."""
    return Line(given.data, given.url, given.token, given.cashier, given.ca, given.offline)


def laying_of(given: argparse.Namespace) -> Laying:
    """What they say of the card."""
    return Laying(given.data, given.card, given.reader)


class _Verbs:
    """All verbs."""

    def __init__(self, parser: Parser) -> None:
        self._verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def add_all(self) -> None:
        self._verb(
            "read",
            Text(
                "读卡：状态、余额、明细、与账本核对",
                "read a card: its state, balances and log, held against the ledger",
            ),
            card=True,
        )
        log = self._verb("log", Text("打印卡内明细", "print the card's log"), card=True)
        log.add_argument("--csv", type=Path, metavar="FILE", help=Text("另存为 CSV", "save it as a CSV file, too"))
        agent = self._verb(
            "agent",
            Text(
                "代理：替集控平台的“卡务台”页读写本台读卡器上的卡",
                "the agent: does on this desk's reader what the console's page Card desks asks for",
            ),
            card=True,
        )
        agent.add_argument(
            "--console",
            default="",
            metavar="URL",
            help=Text("集控平台 https://主机:端口，配对后记住", "the console, https://HOST:PORT; kept once paired"),
        )
        agent.add_argument(
            "--pair", action="store_true", help=Text("重新配对（再要一次配对码）", "pair anew, by another code")
        )
        self._add_money()
        self._add_upkeep()
        self._add_spares()
        self._add_day()

    def _add_money(self) -> None:
        _sum(self._verb("cash-in", Text("现金充值到电子账户", "cash into the online account"), card=True))
        _sum(self._verb("cash-out", Text("电子账户退现金", "cash out of the online account"), card=True))
        self._verb("deposits", Text("渠道充值与退款", "deposits by phone, and how refunds stand"), card=True)
        proposed = Text("提议渠道退款，另一人确认，不付现金", "propose a refund of a deposit by phone, never in cash")
        refund = self._verb("refund", proposed, card=True)
        _sum(refund)
        refund.add_argument("--order", required=True, metavar="NUMBER", help=Text("商户订单号", "the order's number"))
        why = Text("事由，付款人会看到", "why: its payer sees it")
        refund.add_argument("--reason", required=True, metavar="TEXT", help=why)
        _sum(self._verb("float", Text("登记备用金", "book a float: change for the drawer")))
        load = self._verb("load", Text("圈存：电子账户 → 卡", "load: online account → card"), card=True)
        _sum(load)
        load.add_argument(
            "--cash", action="store_true", help=Text("先收现金，充值同额", "take the same sum in cash first")
        )
        unload = self._verb(
            "unload",
            Text(
                "圈提：卡 → 电子账户；闪卡未了的先办结",
                "unload: card → online account; one that was torn is settled first",
            ),
            card=True,
        )
        _sum(unload)
        unload.add_argument("--pay", action="store_true", help=Text("随后付出现金", "then pay it out in cash"))
        self._verb("claim", Text("领款：过渡余额 → 卡", "claim: pending load → card"), card=True)
        self._verb("settle", Text("办结未了事项", "settle what was left open"))

    def _add_upkeep(self) -> None:
        self._verb("activate", Text("领卡激活", "activate a card before its holder"), card=True)
        block = self._verb("block", Text("应用锁定", "block the application"), card=True)
        block.add_argument("--forever", action="store_true", help=Text("永久锁定", "for ever"))
        self._verb("unblock", Text("应用解锁", "unblock the application"), card=True)
        more = self._verb(
            "add",
            Text("补写乘车记录；不能补写的说明换卡", "add what an older card lacks, or say that it must be exchanged"),
            card=True,
        )
        more.add_argument("what", choices=[each.value for each in What], help=_ADDED)
        self._add_cards()
        self._verb(
            "pin-verify",
            Text("核对口令；不符时报剩余次数", "check the PIN; if it is wrong, tell its tries left"),
            card=True,
        )
        self._verb("pin-change", Text("更换口令（凭旧口令）", "change the PIN by the old one"), card=True)
        self._verb(
            "pin-reload",
            Text("口令重装（忘记口令）", "a new PIN by the issuer's key, for one that was forgotten"),
            card=True,
        )
        self._verb("pin-unblock", Text("口令解锁", "unblock the PIN: give it its tries again"), card=True)

    def _add_cards(self) -> None:
        change = self._verb(
            "class", Text("更改卡类别（如学生转教工）", "change the card's class, as student to staff"), card=True
        )
        change.add_argument("--to", type=int, choices=sorted(CLASSES), required=True, help=_classes())
        _reason(change)
        _reason(_label(self._verb("lost", Text("挂失：列入黑名单并冻结", "report a card lost: hotlisted and frozen"))))
        _reason(_label(self._verb("found", Text("解挂", "cancel the report"))))
        broken = self._verb(
            "replace",
            Text(
                "坏卡换卡：旧卡在场，或用 --label（不可读）",
                "replace a broken card: it is here, or --label (not readable)",
            ),
        )
        which = broken.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--card",
            default="",
            metavar="LABEL",
            help=str(Text("旧演示卡的卡面号", "label of the old demonstration card")),
        )
        which.add_argument(
            "--reader", default="", metavar="NAME", help=str(Text("旧卡所在的读卡器", "the reader with the old card"))
        )
        which.add_argument(
            "--label",
            default="",
            metavar="LABEL",
            help=str(Text("不可读旧卡的卡面号", "label of an old card that cannot be read")),
        )
        broken.add_argument("--kept", action="store_true", help=KEPT)
        _reason(_new(broken))
        _reason(_new(_label(self._verb("reissue", Text("挂失补卡", "reissue: a lost card's successor")))))
        _reason(
            _label(
                self._verb(
                    "release",
                    Text(
                        "余款解冻：收齐后转入新卡账户",
                        "release what was kept back, when complete, into the new card's account",
                    ),
                )
            )
        )

    def _add_spares(self) -> None:
        said = Text("借出备用卡，或访客的临时卡", "lend a spare card, or a visitor's temporary one")
        lend = _new(self._verb("lend", said))
        whose = lend.add_mutually_exclusive_group(required=True)
        held = Text("持卡人的卡面号：即用其电子账户", "label of the holder's card, whose account it carries at once")
        whose.add_argument("--for", dest="holder", default="", metavar="LABEL", help=str(held))
        visitor = Text("访客姓名：没有持卡人，现金预付", "a visitor's name: no holder, prepaid in cash")
        whose.add_argument("--visitor", default="", metavar="NAME", help=str(visitor))
        lend.add_argument("--person", default="", metavar="NAME", help=Text("领卡人姓名", "who takes it"))
        days = Text("借期（天），缺省 1：当日还", "for so many days; 1, today, if not given")
        lend.add_argument("--days", type=int, default=1, metavar="N", help=days)
        bound = Text("每日联机限额（元），缺省 50", "what it may pay on line on a day, in yuan (50)")
        lend.add_argument("--limit", type=typed_yuan, default=50_00, metavar="SUM", help=bound)
        deposit = Text("押金（元），缺省 0", "the deposit, in yuan (0)")
        lend.add_argument("--deposit", type=typed_yuan, default=0, metavar="SUM", help=deposit)
        account = Text("押金由持卡人电子账户付", "the deposit out of the holder's account")
        lend.add_argument("--from-account", action="store_true", help=account)
        _reason(lend)
        back = Text("归还备用卡：圈提、退押金、入库", "a spare comes back: unloaded, its deposit paid")
        _reason(self._verb("take-back", back, card=True))
        broken = Text("备用卡坏了、读不出，按卡面号收回作废", "a spare that cannot be read is taken in by its number")
        take_in = _label(self._verb("take-in", broken))
        _reason(take_in)
        second = Text("同办的另一人", "who else has seen the card")
        take_in.add_argument("--second", required=True, metavar="NAME", help=second)
        gone = Text("备用卡丢失注销，押金归学校", "a spare is lost for good, its deposit the school's")
        _reason(_label(self._verb("write-off", gone)))
        hand = Text("备用卡交班主任保管，由其借出", "spares into a class teacher's hands, to be lent by him")
        hand_out = _label(self._verb("hand-out", hand))
        of_class = Text("班级；空即收回", "the class; empty: back to the desk")
        hand_out.add_argument("--class", dest="place", required=True, metavar="CLASS", help=of_class)
        listed = self._verb("spares", Text("备用卡登记簿：每张在哪", "the register of spare cards: where each is"))
        only = Text("只列这个班级", "of this class alone")
        listed.add_argument("--class", dest="place", default="", metavar="CLASS", help=only)

    def _add_day(self) -> None:
        draw = self._verb("draw", Text("领用库存卡（号段）", "draw cards of the stock by number range"))
        draw.add_argument("--first", required=True, metavar="LABEL", help=Text("起号", "first number"))
        draw.add_argument("--last", required=True, metavar="LABEL", help=Text("止号", "last number"))
        _reason(_label(self._verb("spoil", Text("废卡登记", "a drawn card is waste"))))
        close = self._verb(
            "close", Text("日结：点钞、点卡、上交，打印日结单", "close the day: count, hand over, print the sheet")
        )
        counted = Text("实点现金（元）", "cash counted, in yuan")
        close.add_argument("--counted", type=typed_yuan, required=True, metavar="SUM", help=counted)
        close.add_argument(
            "--left", type=int, required=True, metavar="N", help=Text("实点空白卡（张）", "blank cards counted")
        )
        sheet = self._verb("sheet", Text("日结单：今日或某日", "the sheet of today or of a day"))
        sheet.add_argument(
            "--day",
            type=_day,
            default=0,
            metavar="DAY",
            help=Text("如 2026-11-26，缺省今日", "as 2026-11-26; today if not given"),
        )
        for verb in (close, sheet):
            verb.add_argument(
                "--out", type=Path, metavar="FILE", help=Text("另存为文本", "save it as a text file, too")
            )

    def _verb(self, name: str, text: Text, *, card: bool = False) -> Parser:
        verb: Parser = self._verbs.add_parser(name, help=text, description=text)
        add_data(verb)
        verb.add_argument(
            "--name", default="", metavar="NAME", help=Text("卡务台终端名", "name of the desk's terminal")
        )
        verb.add_argument(
            "--url",
            default="",
            metavar="URL",
            help=Text("账本接口，缺省自动查找", "the ledger's desk service; found by itself if not given"),
        )
        verb.add_argument(
            "--cashier",
            default="",
            metavar="NAME",
            help=Text("收银员（cloud cashier --name）", "the cashier (cloud cashier --name)"),
        )
        verb.add_argument(
            "--token", type=Path, metavar="FILE", help=Text("收银员的令牌文件", "file with the cashier's token")
        )
        verb.add_argument("--ca", type=Path, metavar="PEM", help=Text("颁发者的证书", "the authority's certificate"))
        verb.add_argument(
            "--desk-keys",
            type=Path,
            metavar="SOCKET",
            help=Text("密钥进程的卡务套接字", "the desk socket of the key process"),
        )
        verb.add_argument(
            "--key-version",
            type=int,
            default=0,
            help=Text("卡密钥版本，缺省依账本", "version of the card's keys; the ledger's if not given"),
        )
        verb.add_argument("--offline", action="store_true", help=Text("不问账本", "do not ask the ledger"))
        if card:
            _card(verb)
        return verb


KEPT = Text("随 --label：不可读的旧卡由卡务台收存", "with --label: the desk keeps the card that cannot be read")
_ADDED = Text("transit 乘车记录，subsidy 补助钱包", "transit: the transit record, subsidy: the subsidy purse")


def _label(verb: Parser) -> Parser:
    text = Text("卡面号，卡不必在场", "the text printed on the card, which need not be here")
    verb.add_argument("--label", "--card", required=True, metavar="LABEL", help=text)
    return verb


def _new(verb: Parser) -> Parser:
    verb.add_argument(
        "--new", required=True, metavar="LABEL", help=Text("库存新卡的卡面号", "label of a new card of the stock")
    )
    return verb


def _reason(verb: Parser) -> None:
    verb.add_argument("--reason", default="", metavar="TEXT", help=Text("事由", "why"))


def _classes() -> Text:
    zh = "，".join(f"{number} {kind.zh}" for number, kind in CLASSES.items())
    return Text(zh, ", ".join(f"{number} {kind.en}" for number, kind in CLASSES.items()))


def _card(verb: Parser) -> None:
    which = verb.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--card", default="", metavar="LABEL", help=str(Text("演示卡的卡面号", "label of a demonstration card"))
    )
    which.add_argument("--reader", default="", metavar="NAME", help=str(Text("读卡器名", "name of a PC/SC reader")))


def _sum(verb: Parser) -> None:
    told = Text(f"金额（元）：{AMOUNT_HELP}", f"sum in yuan: {AMOUNT_HELP}")
    verb.add_argument("--yuan", type=typed_sum, dest="fen", required=True, metavar="SUM", help=told)


def _day(text: str) -> int:
    try:
        return day_of_date_bcd(bytes.fromhex(text.replace("-", "")))
    except (ValueError, WireFault) as fault:
        raise argparse.ArgumentTypeError(str(Text("日期应如 2026-11-26", "should be a day, as 2026-11-26"))) from fault
