"""Lays an installation out on the disk: directories, each service's files, configuration. Run as root; may be repeated
until it is done, and refuses a folder in which something else lies."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from compose.place import ROOT, WrongUse
from compose.server.installation import BOOKS
from compose.server.layout import FOLDERS, ISSUE, LINKS, Dealt, Folder
from shared.words.voice import Text

COMPOSE = "compose.yaml"
SOURCE = ROOT / "compose" / COMPOSE
_BEFORE_ITS_FILE = {ISSUE, "plan.json", COMPOSE, ".env", "openykt-server.service"}
"""Beside the folders: what init writes before installation.json, which is the last."""


def require_root() -> None:
    """WrongUse: files are to be given to the services' users."""
    if os.geteuid() != 0:
        raise WrongUse(Text("须由 root 执行", "to be run by root"))


def require_new(root: Path) -> None:
    """WrongUse where an installation is, or books, or anything that no init makes. What a broken one left is taken."""
    there = {path.name for path in root.iterdir()} if root.exists() else set()
    strange = there - {folder.path for folder in FOLDERS} - _BEFORE_ITS_FILE
    if (root / BOOKS).exists():
        strange.add(BOOKS)
    if strange:
        names = ", ".join(sorted(strange)[:5])
        raise WrongUse(Text(f"{root}: 已有 {names}", f"{root}: there is {names} already"))


def lay_out(root: Path, folders: Iterable[Folder] = FOLDERS) -> None:
    """The directories, each its user's."""
    for folder in folders:
        path = root / folder.path
        path.mkdir(exist_ok=True)
        os.chown(path, folder.user, folder.group)
        path.chmod(folder.mode)  # after chown, which takes the bit away


def deal(root: Path, files: Iterable[Dealt]) -> None:
    """Each service its files of the issued campus."""
    for one in files:
        _require_folder((root / one.target).parent, one.of)
        give(root / one.target, (root / ISSUE / one.source).read_bytes(), one.of, one.mode)
    link_all(root)


def link_all(root: Path) -> None:
    """Where services look for files that lie among secrets, or that others write. A real folder in a link's place is
    somebody's and stays."""
    for link, target in LINKS.items():
        path = root / link
        if path.is_dir() and not path.is_symlink():
            continue
        path.unlink(missing_ok=True)
        path.symlink_to(target)


def _require_folder(folder: Path, user: int) -> None:
    """A box's, below what the layout has made."""
    if not folder.exists():
        folder.mkdir(mode=0o700)
        os.chown(folder, user, user)


def give(path: Path, body: bytes, user: int, mode: int) -> None:
    """A file that is whole, and never for a moment another's."""
    early = path.with_name(f".{path.name}.new")
    early.unlink(missing_ok=True)
    fd = os.open(early, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as out:
        os.fchown(fd, user, user)
        out.write(body)
        out.flush()
        os.fchmod(fd, mode)
        os.fsync(fd)
    early.rename(path)


def copy_compose(root: Path) -> None:
    """The file that starts it, beside what it is for: the installation no longer needs a checkout."""
    shutil.copyfile(SOURCE, root / COMPOSE)
    (root / COMPOSE).chmod(0o644)
