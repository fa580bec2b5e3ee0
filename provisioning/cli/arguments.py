"""Arguments that the verbs of provisioning share, named and explained once."""

import argparse
import time
from pathlib import Path
from typing import TypeAlias

from provisioning.custody.vault import Vault
from provisioning.keeper.token import TokenPlace
from shared.clocks.campus_clock import WALL
from shared.input.data_folder import add_data

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  # has no public name
"""Where a verb adds itself."""


def add_group(verbs: Verbs, name: str, told: str) -> Verbs:
    """A verb that has steps of its own."""
    return verbs.add_parser(name, help=told).add_subparsers(required=True, metavar="STEP")


def add_store(parser: argparse.ArgumentParser) -> None:
    """--data and what opens its key store."""
    add_data(parser)
    parser.add_argument("--passphrase-file", type=Path, help="密钥库口令 (600) / of the key store")
    parser.add_argument(
        "--share-file", type=Path, action="append", default=[], help="一位保管员的份额，可重复 / an officer's share"
    )


def add_token(parser: argparse.ArgumentParser) -> None:
    """Which token, where masters are in one."""
    parser.add_argument("--module", type=Path, metavar="LIB.so", help="PKCS#11 库 (默认 SoftHSM) / instead of SoftHSM")
    parser.add_argument("--pin-file", type=Path, help="设备 PIN 文件 (600) / of the token")


def token_place(chosen: argparse.Namespace) -> TokenPlace:
    """The token that add_token's arguments name."""
    return TokenPlace(chosen.module, chosen.pin_file)


def add_who(parser: argparse.ArgumentParser) -> None:
    """--who: the person that the logs name."""
    parser.add_argument("--who", required=True, metavar="NAME", help="经手人 / who does it")


def vault_of(chosen: argparse.Namespace) -> Vault:
    """The key folder that add_store's arguments name."""
    return Vault(chosen.data, chosen.passphrase_file, tuple(chosen.share_file))


def now_s() -> int:
    """Campus seconds now."""
    return WALL.at(time.time())
