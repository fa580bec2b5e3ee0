"""Where the cluster of a data folder stands, and whose it is: a copied folder never leads to the original's database.

What lies in the folder is the folder's. A cluster that stands elsewhere names its folder, and a folder that was only
copied is refused by name; one that was moved takes it along.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

from compose.place import WrongUse
from shared.words.voice import Text

NOTE = "postgres.place"
"""In the data folder: where its cluster stands."""
OWNER_NOTE = "openykt.folder"
"""In a cluster's place outside: whose it is."""
INSIDE = "postgres"


def find_place(folder: Path, outside: Path | None, in_use: Callable[[Path], bool]) -> Path:
    """The place of this folder's cluster. outside: where a new one is made, None: inside. in_use: does a server run in
    this place?

    WrongUse, which names the other folder, when the note leads to a cluster that is not this folder's.
    """
    own, noted = folder.resolve() / INSIDE, _noted(folder)
    if noted == own or (own / "cluster" / "PG_VERSION").exists():
        return own
    if noted is None:
        return own if outside is None else outside / f"postgres-{secrets.token_hex(6)}"
    if noted.name == INSIDE:
        raise WrongUse(
            Text(
                f"{folder}: 数据库不在此目录内，而在 {noted}",
                f"{folder}: the database is not in this folder but in {noted}",
            )
        )
    _require_ours(folder.resolve(), noted, in_use)
    return noted


def keep_place(folder: Path, place: Path) -> None:
    """Write down, in the folder, where its cluster stands, and there, whose it is. The lock of the folder is ours."""
    if _noted(folder) != place:
        (folder / NOTE).write_text(f"{place}\n")
    if place.parent != folder.resolve():
        (place / OWNER_NOTE).write_text(f"{folder.resolve()}\n")


def _noted(folder: Path) -> Path | None:
    note = folder / NOTE
    return Path(note.read_text().strip()) if note.exists() else None


def _require_ours(folder: Path, place: Path, in_use: Callable[[Path], bool]) -> None:
    owner = place / OWNER_NOTE
    if owner.exists():
        other = Path(owner.read_text().strip())
        if other != folder and _noted(other) == place:
            raise WrongUse(
                Text(
                    f"{folder} 是副本：数据库 {place} 属于 {other}，不在其中",
                    f"{folder} is a copy: the database {place} belongs to {other}, and is not in it",
                )
            )
    elif in_use(place):  # of a release that wrote down no owner
        raise WrongUse(
            Text(
                f"{folder}: 数据库 {place} 正被使用，不知属于哪个目录；先结束它的校园",
                f"{folder}: the database {place} is in use and does not say by which folder: end its campus first",
            )
        )
