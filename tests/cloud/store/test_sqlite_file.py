"""Several connections to one SQLite file, in one process and in several: what is committed stays."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from cloud.store.db import open_database

SEEN = "SELECT COUNT(*) FROM heap"
ELSEWHERE = f"""
import sys
from cloud.store.db import open_database
db = open_database(sys.argv[1])
with db.reading():
    print(db.run("{SEEN}")[0][0])
db.close()
"""


def elsewhere(path: Path) -> int:
    """Another process opens the file, reads, and closes it."""
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, path], capture_output=True, text=True, check=True, timeout=120
    )
    return int(done.stdout)


def test_a_second_connection_of_a_process_does_not_let_go_of_the_firsts_locks(tmp_path: Path) -> None:
    """POSIX locks go with the first descriptor of the file that a process closes: then another process takes itself for
    the last one, and its close deletes the log with all that was committed since the last checkpoint."""
    path = tmp_path / "a.db"
    with closing(open_database(str(path))) as first:
        with first.writing():
            first.run("CREATE TABLE heap (id INTEGER PRIMARY KEY)")
        with closing(open_database(str(path))) as second:
            assert elsewhere(path) == 0
            for number in range(1, 4):
                writer = first if number % 2 else second
                with writer.writing():
                    writer.run("INSERT INTO heap VALUES (?)", (number,))
                assert elsewhere(path) == number
            with second.reading():
                assert second.run(SEEN) == [(3,)]
    assert elsewhere(path) == 3
