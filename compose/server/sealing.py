"""Keys, secrets and settings of an installation, sealed apart from its books, and an installation opened from that.

Sealing itself is the cloud's command (`cloud backup keys`, docs/backup.md), run on this machine by root and not in a
container: no service sees all of it. Here is what of an installation is sealed, and whose each file is when it is back:
an archive has names and bytes alone.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from compose.place import ROOT
from compose.server import dealing, installation, rendered
from compose.server.engine import Engine
from compose.server.layout import CLOUD_DATA, MARK, NOT_SEALED, SEAL_KEY, whose
from shared.words.voice import Text

SEALS, PROVES, OPENS = "keys", "prove", "open-keys"
DEEDS = (SEALS, PROVES, OPENS)
"""Of `cloud backup`: those that look at all of an installation, and not at its books."""


def run(root: Path, words: Sequence[str]) -> int:
    """One of DEEDS with its words; its exit code. It asks and tells at this terminal. WrongUse: no installation, or
    not root."""
    dealing.require_root()
    deed, *rest = words
    if deed != OPENS:
        installation.read(root)
    where = ["--data", str(root if deed == OPENS else root / CLOUD_DATA)]
    if deed == SEALS:
        without = [word for folder in NOT_SEALED for word in ("--without", folder)]
        where += ["--of", str(root), *without, "--seal-key", str(root / SEAL_KEY)]
    command = (sys.executable, "-P", "-m", "cloud", "backup", deed, *where, *rest)
    sys.stdout.flush()
    return subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode


def settle(root: Path, engine: Engine) -> installation.Installation:
    """What was opened becomes an installation again, here: each file its user's, folders for what is not sealed, the
    unit of the boot for this place. To be done before anything is put back into it. WrongUse: it was none."""
    one = installation.read(root)
    root.chmod(0o711)
    dealing.lay_out(root)
    for path in _below(root):
        user, mode = whose(path.relative_to(root).as_posix(), is_folder=path.is_dir())
        if mode:
            os.chown(path, user, user)
            path.chmod(mode)
    for name, (text, user, mode) in rendered.files(one, str(root), engine).items():
        if name.endswith(f"/{MARK}") or name == rendered.UNIT or not (root / name).exists():
            dealing.give(root / name, text.encode(), user, mode)
    dealing.link_all(root)
    return one


def told(root: Path, one: installation.Installation) -> Text:
    """What comes next."""
    return Text(
        f"安装 {one.identity} 的密钥、密码与配置已放回 {root}\n"
        f"  这台服务器的地址不同：改 {root}/.env 的 YKT_ADDRESS\n"
        f"  挂上备份盘 {root}/backup，然后 ./ykt server backup {root} restore --from /backup/backup-…\n"
        f"  再 ./ykt server up {root}",
        f"keys, secrets and settings of the installation {one.identity} are back in {root}\n"
        f"  where this server has another address: YKT_ADDRESS in {root}/.env\n"
        f"  mount the disk of backups at {root}/backup; ./ykt server backup {root} restore --from /backup/backup-…\n"
        f"  then ./ykt server up {root}",
    )


def _below(root: Path) -> Iterator[Path]:
    """Real files and folders; no link is followed or given away."""
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            if not path.is_symlink():
                yield path
