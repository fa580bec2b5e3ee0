"""Verbs that only ask the books, and keep what they say. Each imports only what it needs."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import LABEL_HELP, Made, add_json, add_keys, add_who, named, need
from shared.input.amount import typed_yuan
from shared.input.command_line import Parser
from shared.words.voice import Text

LOADS_LISTED = 20


def asking_verbs() -> dict[str, Made]:
    """What only asks the books."""
    return {
        "verify": (
            Text("核对账本：查了什么、多少，先错在哪里", "check the ledger: what, how many, the first thing broken"),
            _verify,
            (_verify_options, add_keys, add_json),
        ),
        "report": (Text("账本合计", "the sums of the ledger"), _report, (add_json,)),
        "loads": (
            Text("圈存逐笔：到哪一步、凭据、接下来怎样", "loads one by one: stage, evidence, what will happen"),
            _loads,
            (_loads_options, add_json),
        ),
        "split": (
            Text("账户分割：一人脱机、联机各可用多少", "the split of an account: what its holder may spend where"),
            _split,
            (_split_options, add_who, add_json),
        ),
        "exposure": (
            Text("风险敞口：此刻最坏几何，公式与输入", "exposure: the worst case now, its formula and inputs"),
            _exposure,
            (add_json,),
        ),
        "checkpoint": (
            Text("签名检查点：各链到哪里，另存他处", "a signed checkpoint of the chains, to be kept elsewhere"),
            _checkpoint,
            (_checkpoint_options, add_json),
        ),
    }


def _verify_options(parser: Parser) -> None:
    saved = Text(
        "另存的检查点，账本须含有它；可重复", "a saved checkpoint that the ledger must contain; may be repeated"
    )
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], metavar="FILE", help=saved)


def _checkpoint_options(parser: Parser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", help=Text("写入此文件", "write it into this file"))


def _loads_options(parser: Parser) -> None:
    most = Text(
        f"已了的最多列几笔，缺省 {LOADS_LISTED}", f"list at most so many of those that are done ({LOADS_LISTED})"
    )
    parser.add_argument("--last", type=int, default=LOADS_LISTED, metavar="N", help=most)
    parser.add_argument("--open", action="store_true", help=Text("只列未了的", "list open ones only"))


def _split_options(parser: Parser) -> None:
    parser.add_argument("label", metavar="LABEL", help=LABEL_HELP)
    fen = Text("预约：下次联机刷卡圈存几元；0 撤销", "order: so many yuan at its next tap on line; 0 calls it off")
    parser.add_argument("--order", type=typed_yuan, dest="fen", metavar="SUM", help=fen)
    key = Text("预约的单号，重复的只算一次", "the order's key: the same one counts once")
    parser.add_argument("--key", metavar="TEXT", help=key)


def _split(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.split import Where, order, split

    where = Where(chosen.data, chosen.dsn, chosen.json)
    if chosen.fen is None:
        return split(where, chosen.label)
    need(chosen, "key")
    return order(where, chosen.label, chosen.fen, chosen.key, named(chosen))


def _verify(chosen: argparse.Namespace) -> int:
    from cloud.commands.check import verify

    return verify(chosen.data, chosen.dsn, chosen.keys, chosen.checkpoint, as_json=chosen.json)


def _report(chosen: argparse.Namespace) -> int:
    from cloud.commands.check import report

    return report(chosen.data, chosen.dsn, as_json=chosen.json)


def _loads(chosen: argparse.Namespace) -> int:
    from cloud.commands.loads import loads

    return loads(chosen.data, chosen.dsn, max(0, chosen.last), open_only=chosen.open, as_json=chosen.json)


def _exposure(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.exposure import exposure

    return exposure(chosen.data, chosen.dsn, as_json=chosen.json)


def _checkpoint(chosen: argparse.Namespace) -> int:
    from cloud.commands.chains.checkpoint import checkpoint

    return checkpoint(chosen.data, chosen.dsn, chosen.out, as_json=chosen.json)
