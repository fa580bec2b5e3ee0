"""`provisioning keys` and `provisioning token`: the key process, and moving a school's masters into a PKCS#11 token.

The move takes the masters that a token takes out of the sealed store for good; each is named in the custody log before.
"""

import argparse
import os
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from provisioning.certificates import revocation
from provisioning.cli.arguments import add_token, token_place
from provisioning.custody import files as key_files
from provisioning.custody import log as custody
from provisioning.custody.chain import Act, events_of
from provisioning.keeper import token as token_files
from provisioning.keys.store import KeyStore, Level
from provisioning.process.opening import KeeperChoice, KeeperName
from provisioning.process.process import serve_keys
from shared.clocks.campus_clock import WALL
from shared.errors import WireFault
from shared.input.data_folder import add_data
from shared.wire.keyproc import Role

Verbs = argparse._SubParsersAction  # noqa: SLF001  # argparse gives this type no public name


def add_to(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add the verbs."""
    keys = verbs.add_parser("keys", help="密钥进程 / the key process")
    keys.add_argument("--socket", type=Path, required=True, help="账务用 / for the ledger")
    keys.add_argument("--desk-socket", type=Path, help="卡务用：维护、口令、写密钥 / for the card desk")
    keys.add_argument("--audit-socket", type=Path, help="核对用：TAC 与校验值 / for checks")
    keys.add_argument("--keeper", type=KeeperName, choices=list(KeeperName), default=KeeperName.SOFTWARE)
    add_token(keys)
    keys.add_argument(
        "--share-file", type=Path, action="append", default=[], help="一位保管员的份额，可重复 / an officer's share"
    )
    keys.add_argument("--end-with-stdin", action="store_true", help="标准输入关闭即结束 / end when stdin closes")
    keys.set_defaults(run=_keys)
    token = verbs.add_parser("token", help="主密钥移入密码设备 / move the masters into a PKCS#11 token")
    token.add_argument("--who", default="", metavar="NAME", help="经手人 / who does it")
    token.add_argument("--share-file", type=Path, action="append", default=[], help="一位保管员的份额 / a share")
    token.set_defaults(run=_token)
    add_token(token)
    for verb in (keys, token):
        add_data(verb)
        verb.add_argument("--passphrase-file", type=Path, help="口令文件 (600) / instead of a random unlock file")


def _keys(chosen: argparse.Namespace) -> None:
    asked = {Role.MONEY: chosen.socket, Role.DESK: chosen.desk_socket, Role.AUDIT: chosen.audit_socket}
    paths = {role: path for role, path in asked.items() if path is not None}
    choice = KeeperChoice(
        chosen.keeper, chosen.passphrase_file, tuple(chosen.share_file), chosen.module, chosen.pin_file
    )
    _remind(chosen.data)
    serve_keys(chosen.data, paths, choice, end_with_stdin=chosen.end_with_stdin)


def _remind(data: Path) -> None:
    """Say what ends soon; a key process may stand where there is no broker, and then there is nothing to say."""
    with suppress(WireFault, OSError):
        for term in revocation.terms(data, datetime.fromtimestamp(time.time(), UTC)):
            if term.is_near:
                sys.stderr.write(f"提醒 / reminder: {term.file} {term.ends:%Y-%m-%d}, 余 {term.days} 天 days: crl\n")


def _token(chosen: argparse.Namespace) -> None:
    unlock = key_files.unlock_of(chosen.data, chosen.passphrase_file, chosen.share_file)
    school = key_files.open_with(chosen.data, Level.SCHOOL, unlock)
    moved = KeyStore(school.level, school.campus, token_files.moving(school).moved)
    events = events_of(moved, Act.EXPORTED, WALL.at(time.time()), chosen.who, "移入密码设备 moved into the token")
    done = token_files.move_into_token(
        chosen.data,
        unlock,
        school,
        os.urandom,
        lambda: custody.append(chosen.data / key_files.FOLDER / key_files.CUSTODY, events),
        token_place(chosen),
    )
    sys.stdout.write(f"已移入密码设备 / moved into the token: {len(done.moved)} 个主密钥 masters\n")
    for version in done.sm4:
        told = "留在密封库（SM4，设备不收）/ stays in the sealed store: SM4, which no token takes"
        sys.stdout.write(f"  版本 version {version}: {told}\n")
