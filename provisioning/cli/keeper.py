"""`provisioning keys` and `provisioning token`: the key process, and moving a school's masters into a PKCS#11 token.

The move takes the masters that a token takes out of the sealed store for good; each is named in the custody log before.
"""

import argparse
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from provisioning.certificates import revocation
from provisioning.cli.arguments import Verbs, add_token, say, token_place, warn
from provisioning.custody import files as key_files
from provisioning.custody import log as custody
from provisioning.custody.chain import Act, events_of
from provisioning.custody.journal import alone_in
from provisioning.custody.notes import noted
from provisioning.keeper import token as token_files
from provisioning.keys.store import KeyStore, Level, Unlock
from provisioning.process.opening import KeeperChoice, KeeperName
from provisioning.process.process import serve_keys
from shared.clocks.campus_clock import WALL
from shared.errors import WireFault
from shared.input.data_folder import add_data
from shared.wire.keyproc import Role
from shared.words.voice import Text


def add_to(verbs: Verbs) -> None:
    """Add the verbs."""
    keys = verbs.add_parser("keys", help=Text("密钥进程", "the key process"))
    keys.add_argument("--socket", type=Path, required=True, help=Text("账务用的套接字", "socket for the ledger"))
    keys.add_argument(
        "--desk-socket",
        type=Path,
        help=Text("卡务台用的套接字：维护、口令、写密钥", "socket for the card desk: upkeep, PINs, writing keys"),
    )
    keys.add_argument(
        "--audit-socket",
        type=Path,
        help=Text("核对用的套接字：TAC 与校验值", "socket for checks: TACs and check values"),
    )
    keys.add_argument(
        "--fleet-socket",
        type=Path,
        help=Text("终端管理用的套接字：参数、指令的签名", "socket for the fleet: signs parameters and orders"),
    )
    keys.add_argument(
        "--wallet-socket",
        type=Path,
        help=Text("钱包用的套接字：签发手机凭证", "socket for the wallet: certifies phones"),
    )
    keys.add_argument(
        "--health-socket",
        type=Path,
        help=Text("看护用的套接字：/healthz、/metrics", "socket for whoever looks after it: /healthz, /metrics"),
    )
    keys.add_argument(
        "--for-group", action="store_true",
        help=Text(
            "套接字也给其目录的组（660；目录须设组继承位）",
            "sockets are for their folder's group, too (660; its set-group-id bit is set)",
        ),
    )  # fmt: skip
    keys.add_argument(
        "--keeper", type=KeeperName, choices=list(KeeperName), default=KeeperName.SOFTWARE,
        help=Text("主密钥由谁保管：软件或密码设备", "who keeps the masters: software or a token"),
    )  # fmt: skip
    add_token(keys)
    keys.add_argument(
        "--share-file",
        type=Path,
        action="append",
        default=[],
        help=Text("一位保管员的份额，可重复", "an officer's share; may be repeated"),
    )
    keys.add_argument("--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when stdin closes"))
    keys.set_defaults(run=_keys)
    token = verbs.add_parser("token", help=Text("主密钥移入密码设备", "move the masters into a PKCS#11 token"))
    token.add_argument("--who", default="", metavar="NAME", help=Text("经手人", "who does it"))
    token.add_argument(
        "--share-file",
        type=Path,
        action="append",
        default=[],
        help=Text("一位保管员的份额，可重复", "an officer's share; may be repeated"),
    )
    token.set_defaults(run=_token)
    add_token(token)
    for verb in (keys, token):
        add_data(verb)
        verb.add_argument(
            "--passphrase-file",
            type=Path,
            help=Text("口令文件（600），代替 unlock 文件", "passphrase file (600), instead of the unlock file"),
        )


def _keys(chosen: argparse.Namespace) -> None:
    asked = {
        Role.MONEY: chosen.socket, Role.DESK: chosen.desk_socket, Role.AUDIT: chosen.audit_socket,
        Role.FLEET: chosen.fleet_socket, Role.WALLET: chosen.wallet_socket,
    }  # fmt: skip
    paths = {role: path for role, path in asked.items() if path is not None}
    choice = KeeperChoice(
        chosen.keeper, chosen.passphrase_file, tuple(chosen.share_file), chosen.module, chosen.pin_file
    )
    _remind(chosen.data)
    serve_keys(
        chosen.data, paths, choice, end_with_stdin=chosen.end_with_stdin, health=chosen.health_socket,
        for_group=chosen.for_group,
    )  # fmt: skip


def _remind(data: Path) -> None:
    """Say what ends soon; a key process may stand where there is no broker, and then there is nothing to say."""
    with suppress(WireFault, OSError):
        for term in revocation.terms(data, datetime.fromtimestamp(time.time(), UTC)):
            if term.is_near:
                warn(
                    Text(
                        f"提醒：{term.file} {term.ends:%Y-%m-%d} 到期，余 {term.days} 天，见 crl\n",
                        f"reminder: {term.file} ends {term.ends:%Y-%m-%d}, {term.days} days left; see crl\n",
                    )
                )


def _token(chosen: argparse.Namespace) -> None:
    unlock = key_files.unlock_of(chosen.data, chosen.passphrase_file, chosen.share_file)
    with alone_in(chosen.data / key_files.FOLDER):  # the store is read, and written again without them
        done = _move(chosen, unlock)
    say(Text(f"已移入密码设备：{len(done.moved)} 个主密钥\n", f"moved into the token: {len(done.moved)} masters\n"))
    for version in done.sm4:
        say(
            Text(
                f"  版本 {version}：留在密封库（SM4，设备不收）\n",
                f"  version {version}: stays in the sealed store (SM4, which no token takes)\n",
            )
        )


def _move(chosen: argparse.Namespace, unlock: Unlock) -> token_files.Moving:
    school = key_files.open_with(chosen.data, Level.SCHOOL, unlock)
    moved = KeyStore(school.level, school.campus, token_files.moving(school).moved)
    events = events_of(
        moved, Act.EXPORTED, WALL.at(time.time()), chosen.who, noted(Text("移入密码设备", "moved into the token"))
    )
    return token_files.move_into_token(
        chosen.data,
        unlock,
        school,
        os.urandom,
        lambda: custody.append(chosen.data / key_files.FOLDER / key_files.CUSTODY, events),
        token_place(chosen),
    )
