"""Arguments that the verbs of provisioning share, named and explained once."""

import argparse
import sys
import time
from pathlib import Path
from typing import Protocol

from provisioning.custody.vault import Vault
from provisioning.keeper.token import TokenPlace
from shared.clocks.campus_clock import WALL
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.words.voice import Text


class Verbs(Protocol):
    """Where a verb adds itself."""

    def add_parser(self, name: str, **options: object) -> Parser:
        """See argparse; a Text is taken for a text."""


def add_group(verbs: Verbs, name: str, told: Text) -> Verbs:
    """A verb that has steps of its own."""
    steps: Verbs = verbs.add_parser(name, help=told).add_subparsers(required=True, metavar="STEP")
    return steps


def add_store(parser: Parser) -> None:
    """--data and what opens its key store."""
    add_data(parser)
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help=Text("密钥库的口令文件（600）", "file with the key store's passphrase (600)"),
    )
    parser.add_argument(
        "--share-file",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help=Text("一位保管员的份额，可重复", "an officer's share; may be repeated"),
    )


def add_token(parser: Parser) -> None:
    """Which token, where masters are in one."""
    parser.add_argument(
        "--module",
        type=Path,
        metavar="LIB.so",
        help=Text("PKCS#11 库（默认 SoftHSM）", "PKCS#11 library (SoftHSM unless given)"),
    )
    parser.add_argument(
        "--pin-file",
        type=Path,
        metavar="FILE",
        help=Text("密码设备的 PIN 文件（600）", "file with the token's PIN (600)"),
    )


def token_place(chosen: argparse.Namespace) -> TokenPlace:
    """The token that add_token's arguments name."""
    return TokenPlace(chosen.module, chosen.pin_file)


def add_who(parser: Parser) -> None:
    """--who: the person that the logs name."""
    parser.add_argument("--who", required=True, metavar="NAME", help=Text("经手人", "who does it"))


def vault_of(chosen: argparse.Namespace) -> Vault:
    """The key folder that add_store's arguments name."""
    return Vault(chosen.data, chosen.passphrase_file, tuple(chosen.share_file))


def say(text: Text) -> None:
    """On standard output, at once: who works card by card reads it as it happens, and a kill loses none of it."""
    sys.stdout.write(str(text))
    sys.stdout.flush()


def warn(text: Text) -> None:
    """On standard error."""
    sys.stderr.write(str(text))


def now_s() -> int:
    """Campus seconds now."""
    return WALL.at(time.time())
