"""What is in a data folder is what is used: a copy has its own database, or is refused by the name of the original."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from compose.parts.standing import Standing
from compose.parts.supervise import Supervisor
from compose.place import WrongUse
from compose.servers.cluster_place import INSIDE, NOTE, find_place, keep_place
from compose.servers.database import DATABASE, database
from compose.servers.postgres import postgres


@pytest.fixture
def room():
    """A folder the server's user may enter; pytest's own are closed to it."""
    room = Path(tempfile.mkdtemp(prefix="openykt-test-", dir="/var/tmp"))
    room.chmod(0o711)
    yield room
    shutil.rmtree(room)


async def fens(folder: Path) -> list[int]:
    """What a command finds in the database of this folder."""
    async with Supervisor(folder / "log") as parts:
        with psycopg.connect(await database(parts, folder)) as db:
            return [fen for (fen,) in db.execute("SELECT fen FROM books ORDER BY fen")]


@pytest.mark.postgres
@pytest.mark.process
def test_a_copy_has_what_was_copied_while_the_original_goes_on(room):
    original, copy = room / "original", room / "copy"
    server = postgres(original)
    with Standing(server.part, room), psycopg.connect(server.create_database(DATABASE)) as db:
        db.execute("CREATE TABLE books (fen bigint)")
        db.execute("INSERT INTO books VALUES (1)")
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("*.sock*", ".s.*"))
    copy.chmod(0o711)
    server = postgres(original)
    with Standing(server.part, room) as standing, psycopg.connect(server.dsn(DATABASE)) as db:
        db.execute("INSERT INTO books VALUES (2)")
        db.commit()
        assert asyncio.run(fens(copy)) == [1]
        assert standing._process.poll() is None, "the original's server is not taken for an orphan of the copy"
        assert db.execute("SELECT count(*) FROM books").fetchone() == (2,)


def nobody(_: Path) -> bool:
    return False


def placed(folder: Path, outside: Path) -> Path:
    """A folder whose cluster was made outside of it."""
    folder.mkdir()
    place = find_place(folder, outside, nobody)
    (place / "cluster").mkdir(parents=True)
    keep_place(folder, place)
    return place


def test_a_copy_whose_database_stands_elsewhere_is_refused_by_name(tmp_path):
    original, copy = tmp_path / "original", tmp_path / "copy"
    place = placed(original, tmp_path / "outside")
    shutil.copytree(original, copy)
    with pytest.raises(WrongUse, match="original"):
        find_place(copy, tmp_path / "outside", nobody)
    assert find_place(original, tmp_path / "outside", nobody) == place


def test_a_folder_that_was_moved_takes_its_database_along(tmp_path):
    original, moved = tmp_path / "original", tmp_path / "moved"
    place = placed(original, tmp_path / "outside")
    original.rename(moved)
    assert find_place(moved, None, nobody) == place
    keep_place(moved, place)
    shutil.copytree(moved, original)
    with pytest.raises(WrongUse, match="moved"):
        find_place(original, None, nobody)


def test_a_copy_without_the_database_that_was_in_the_original_is_refused(tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / NOTE).write_text(f"{tmp_path / 'original' / INSIDE}\n")
    with pytest.raises(WrongUse, match="original"):
        find_place(tmp_path / "copy", None, nobody)


def test_a_database_of_release_0_1_names_no_owner_and_is_left_alone_while_it_is_used(tmp_path):
    folder, place = tmp_path / "folder", tmp_path / "outside" / "postgres-1"
    folder.mkdir()
    (folder / NOTE).write_text(f"{place}\n")
    with pytest.raises(WrongUse, match="正被使用"):
        find_place(folder, None, lambda _: True)
    assert find_place(folder, None, nobody) == place
