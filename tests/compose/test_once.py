"""What is made once per run: by one worker of several that need it at once, and anew when that one was ended."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.once import once
from tests.patience import PATIENCE_S


def test_workers_at_once_make_it_once(tmp_path: Path) -> None:
    begin, makers = threading.Barrier(4), []

    def make(folder: Path) -> None:
        makers.append(threading.get_ident())
        folder.mkdir()

    def needs(_: int) -> Path:
        begin.wait(PATIENCE_S)
        return once(tmp_path, "it", make)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(needs, range(4))) == {tmp_path / "it"}
    assert len(makers) == 1


def test_what_was_begun_and_never_ended_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    (tmp_path / "it/half").touch()
    assert list(once(tmp_path, "it", Path.mkdir).iterdir()) == []
    assert once(tmp_path, "it", lambda _: 1 / 0).is_dir(), "it is there"
