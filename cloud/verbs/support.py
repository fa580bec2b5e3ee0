"""Verbs for whoever looks after a server: what is wrong with it, and what to show somebody who helps."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import Made, add_json
from shared.input.command_line import Parser
from shared.support.bundle_options import add_bundle
from shared.words.voice import Text


def support_verbs() -> dict[str, Made]:
    """Doctor and diagnostics."""
    text = Text("这台服务器哪里不对、下一步做什么", "what is wrong with this server, and the next step")
    bundle = Text(
        "诊断包：先预览，再写出；不含密钥与卡号", "a diagnostics bundle, first shown; no keys, no card numbers"
    )
    return {
        "doctor": (text, _doctor, (_places, add_json)),
        "diagnostics": (bundle, _diagnostics, (_places, add_bundle)),
    }


def _places(parser: Parser) -> None:
    noted = Text("消息代理；缺省依值守所记", "the broker; as the watch has noted it if not given")
    parser.add_argument("--broker", metavar="HOST:PORT", help=noted)
    keys = Text("密钥进程的套接字；缺省依值守所记", "socket of the key process; as the watch has noted it if not given")
    parser.add_argument("--keys", type=Path, metavar="SOCKET", help=keys)
    parser.add_argument("--tls", action="store_true", help=Text("与消息代理用双向 TLS", "mutual TLS with the broker"))


def _doctor(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch.support.command import doctor

    return doctor(chosen)


def _diagnostics(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch.support.command import diagnostics

    return diagnostics(chosen)
