"""An installation's own file: which it is, where it is reached, how far its first start has come.

What it has made is known from here, and never from a directory's being empty: a disk that is not mounted looks like
that, and to begin anew in it would be to lose the books. So a known installation whose directory lost its mark is
refused, in words.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from compose.place import WrongUse
from compose.server.layout import DATA, MADE_ANEW, MARK
from shared.words.voice import Text

FILE = "installation.json"
FORMAT = 1
BOOKS = "data/postgres/17/main/PG_VERSION"


_FIRST = ("postgres", "broker", "metrics", "keys", "ingest", "cloud", "signer")
_FIRST_FOLDERS = tuple(f"data/{name}" for name in _FIRST)
"""Of the first versions, which did not write down what they had made."""


@dataclass(frozen=True, slots=True)
class Installation:
    """identity: random, of this one alone. has_books, has_inventory: the first start made them. folders: with data,
    that its version has made; another version may have more."""

    identity: str
    version: str
    address: str
    folders: tuple[str, ...] = DATA
    has_books: bool = False
    has_inventory: bool = False
    format: int = FORMAT


def new(version: str, address: str) -> Installation:
    """One that has made nothing yet."""
    return Installation(secrets.token_hex(8), version, address)


def read(root: Path) -> Installation:
    """The one of this folder. WrongUse: there is none, or its file is damaged."""
    try:
        said = json.loads((root / FILE).read_bytes())
        found = Installation(**{**said, "folders": tuple(said.get("folders", _FIRST_FOLDERS))})
    except FileNotFoundError:
        told = Text(
            f"{root}: 没有安装，先 ./ykt server init", f"{root}: no installation is here: ./ykt server init first"
        )
        raise WrongUse(told) from None
    except (ValueError, TypeError, AttributeError) as fault:
        raise WrongUse(Text(f"{root / FILE}: 已损坏", f"{root / FILE}: is damaged")) from fault
    if found.format != FORMAT:
        raise WrongUse(Text(f"{root / FILE}: 未知格式", f"{root / FILE}: unknown format"))
    return found


def write(root: Path, one: Installation) -> None:
    """Whole or as it was."""
    early = root / f"{FILE}.new"
    early.write_text(json.dumps(asdict(one), indent=1) + "\n", encoding="ascii")
    early.chmod(0o644)
    early.rename(root / FILE)


def made_books(root: Path, one: Installation) -> Installation:
    """From now on a missing cluster is a fault."""
    return _kept(root, replace(one, has_books=True))


def took_inventory(root: Path, one: Installation) -> Installation:
    """From now on the ledger knows its campus."""
    return _kept(root, replace(one, has_inventory=True))


def require_whole(root: Path, one: Installation) -> None:
    """WrongUse that names every directory which is not this installation's, and a database that is gone."""
    strange = list(_strange(root, one))
    if strange:
        names = ", ".join(strange)
        raise WrongUse(
            Text(
                f"安装 {one.identity} 缺了：{names}。没有挂载？没有还原？不在空目录上重新开始。",
                f"the installation {one.identity} lacks: {names}. Not mounted? Not restored? It does not begin anew "
                "in an empty directory.",
            )
        )


def _strange(root: Path, one: Installation) -> Iterator[str]:
    for folder in one.folders:
        if folder not in MADE_ANEW and _mark(root / folder) != one.identity:
            yield folder
    if one.has_books and not (root / BOOKS).exists():
        yield BOOKS


def _mark(folder: Path) -> str:
    try:
        return (folder / MARK).read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ""


def _kept(root: Path, one: Installation) -> Installation:
    write(root, one)
    return one
