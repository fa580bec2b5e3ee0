"""`provisioning seal` 换封: the stores open from now on with two of three officers' shares, or with a passphrase."""

import argparse
import os
from pathlib import Path

from provisioning.cli.arguments import Verbs, add_store, add_who, now_s, say, vault_of
from provisioning.cli.beside import may_lie_open
from provisioning.custody import files as key_files
from provisioning.custody import resealing
from provisioning.custody.chain import NOTE_MAX, Act, deed
from provisioning.custody.notes import noted
from provisioning.keys.store import Unlock
from shared.errors import ConfigFault
from shared.words.voice import Text


def add_to(verbs: Verbs) -> None:
    """Add the verb."""
    verb = verbs.add_parser("seal", help=Text("换封：以后由谁打开密钥库", "who opens the stores from now on"))
    add_store(verb)
    verb.add_argument(
        "--officer", action="append", default=[], metavar="NAME=FILE",
        help=Text(
            "三次，各写到本人介质上的新文件，任两位可打开",
            "three times, each to a new file on his own medium; any two open",
        ),
    )  # fmt: skip
    verb.add_argument(
        "--new-passphrase-file",
        type=Path,
        metavar="FILE",
        help=Text("或新口令的文件（600）", "or the file of a new passphrase (600)"),
    )
    add_who(verb)
    verb.set_defaults(run=_seal)
    may_lie_open(verb)


def _seal(chosen: argparse.Namespace) -> None:
    if bool(chosen.officer) is bool(chosen.new_passphrase_file):
        raise ConfigFault(
            Text(
                "须有 --officer 三次，或 --new-passphrase-file", "wants --officer three times, or --new-passphrase-file"
            )
        )
    vault = vault_of(chosen)
    if chosen.new_passphrase_file:
        key_files.require_apart(chosen.data, [chosen.new_passphrase_file])
    if chosen.officer:
        new, told = _of_officers(vault.folder, chosen.officer)
    else:
        new, told = key_files.read_passphrase(chosen.new_passphrase_file), Text("由口令打开", "opened by a passphrase")
    tell = deed(now_s(), Act.SEALED, chosen.who, noted(told)[:NOTE_MAX])
    count = resealing.reseal(vault.folder, vault.unlock, new, os.urandom, lambda: vault.record([tell]))
    say(Text(f"已换封：{count} 个密钥库；{told.zh}\n", f"sealed anew: {count} stores; {told.en}\n"))


def _of_officers(folder: Path, given: list[str]) -> tuple[Unlock, Text]:
    files: dict[str, Path] = {}
    for word in given:
        name, is_pair, path = word.partition("=")
        if not (name and is_pair and path) or name in files:
            raise ConfigFault(
                Text("--officer 应为 姓名=文件，各不相同", "--officer wants NAME=FILE, each officer once")
            )
        files[name] = Path(path)
    key_files.require_apart(folder.parent, list(files.values()))
    held = resealing.hand_out(folder, files, os.urandom)
    for officer, share in held.items():
        say(
            Text(
                f"{officer}: 份额 {share.number}，校验值 {share.check.hex().upper()}\n",
                f"{officer}: share {share.number}, check value {share.check.hex().upper()}\n",
            )
        )
    opens = resealing.joined(list(held.values()))
    return opens, Text(
        f"任 {resealing.THRESHOLD} 位可打开：{'、'.join(files)}", f"any {resealing.THRESHOLD} open: {', '.join(files)}"
    )
