"""`provisioning seal` 换封: the stores open from now on with two of three officers' shares, or with a passphrase."""

import argparse
import os
import sys
from pathlib import Path

from provisioning.cli.arguments import Verbs, add_store, add_who, now_s, vault_of
from provisioning.cli.beside import MAY_LIE_OPEN
from provisioning.custody import files as key_files
from provisioning.custody import resealing
from provisioning.custody.chain import Act, deed
from provisioning.keys.store import Unlock
from shared.errors import ConfigFault


def add_to(verbs: Verbs) -> None:
    """Add the verb."""
    verb = verbs.add_parser("seal", help="换封：以后由谁打开密钥库 / who opens the stores from now on")
    add_store(verb)
    verb.add_argument(
        "--officer", action="append", default=[], metavar="NAME=FILE",
        help="三次，各写到本人介质上的新文件，任两位可打开 / three, each to a new file on his own medium; any two open",
    )  # fmt: skip
    verb.add_argument("--new-passphrase-file", type=Path, metavar="FILE", help="或新口令 (600) / or a passphrase")
    add_who(verb)
    verb.set_defaults(run=_seal, **{MAY_LIE_OPEN: True})


def _seal(chosen: argparse.Namespace) -> None:
    if bool(chosen.officer) is bool(chosen.new_passphrase_file):
        raise ConfigFault("--officer 三次，或 --new-passphrase-file / --officer three times, or --new-passphrase-file")
    vault = vault_of(chosen)
    if chosen.new_passphrase_file:
        key_files.require_apart(chosen.data, [chosen.new_passphrase_file])
    if chosen.officer:
        new, told = _of_officers(vault.folder, chosen.officer)
    else:
        new, told = key_files.read_passphrase(chosen.new_passphrase_file), "口令 by passphrase"
    tell = deed(now_s(), Act.SEALED, chosen.who, told)
    count = resealing.reseal(vault.folder, vault.unlock, new, os.urandom, lambda: vault.record([tell]))
    sys.stdout.write(f"已换封 / sealed anew: {count} 个密钥库 stores; {told}\n")


def _of_officers(folder: Path, given: list[str]) -> tuple[Unlock, str]:
    files: dict[str, Path] = {}
    for word in given:
        name, is_pair, path = word.partition("=")
        if not (name and is_pair and path) or name in files:
            raise ConfigFault("--officer 姓名=文件，各不相同 / NAME=FILE, each officer once")
        files[name] = Path(path)
    key_files.require_apart(folder.parent, list(files.values()))
    held = resealing.hand_out(folder, files, os.urandom)
    for officer, share in held.items():
        sys.stdout.write(f"{officer}: 份额 share {share.number}, 校验值 check {share.check.hex().upper()}\n")
    opens = resealing.joined(list(held.values()))
    return opens, f"任 {resealing.THRESHOLD} 位可打开 any two of: {', '.join(files)}"[:120]

