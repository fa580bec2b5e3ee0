"""The command that runs ahead: told as it ended, bounded, gone when the session goes; begun once for all workers."""

from pathlib import Path

import pytest

from tests.ahead import LONG, Command, ended
from tests.compose.whole_run import PLUGINS, run
from tests.patience import PATIENCE_S


@pytest.mark.process
def test_it_tells_how_it_ended(tmp_path: Path) -> None:
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
    with Command(("compose", "--needs", "sim"), tmp_path / "good") as command:
        done = ended(command.folder, PATIENCE_S)
    assert done.returncode == 0
    assert "dev" in done.stdout
    with Command(("compose", "nothing-of-the-kind"), tmp_path / "bad") as command:
        failed = ended(command.folder, PATIENCE_S)
    assert failed.returncode == 2
    assert "nothing-of-the-kind" in failed.stderr


@pytest.mark.process
def test_what_hangs_is_bounded_and_ended(tmp_path: Path) -> None:
    with Command(("http.server", "--bind", "127.0.0.1", "0"), tmp_path) as command:
        with pytest.raises(TimeoutError):
            ended(command.folder, 0.1)
        pid = command.pid
    assert not Path(f"/proc/{pid}").exists()


def test_the_sample_of_a_long_command_is_a_part_of_it() -> None:
    for long in LONG.values():
        assert long.sample[0] == long.whole[0]
        assert long.sample != long.whole


CONFTEST = """
from pathlib import Path
def pytest_configure():
    from tests import ahead
    words = ("timeit", "-n1", "-r1", f"print('x', file=open({str(Path(__file__).with_name('begun'))!r}, 'a'))")
    ahead.LONG.clear()
    ahead.LONG["once"] = ahead.Long(words, words)
"""
WAITS = """
import pytest
@pytest.mark.ahead("once")
@pytest.mark.parametrize("_", range(2))
def test_waits(ahead, _):
    assert ahead(30).returncode == 0
"""


@pytest.mark.process
@pytest.mark.parametrize("workers", ["0", "2"])
def test_begun_with_the_session_it_runs_once(tmp_path: Path, workers: str) -> None:
    """Whoever waits, at whichever worker, waits for the same one."""
    (tmp_path / "conftest.py").write_text(PLUGINS + CONFTEST)
    for name in ("one", "other"):
        (tmp_path / f"test_{name}.py").write_text(WAITS)
    done = run(tmp_path, "-n", workers, "--dist", "loadfile", "--ahead")
    assert "= 4 passed in" in done.stdout, done.stdout + done.stderr
    assert (tmp_path / "begun").read_text() == "x\n"
    assert "= 4 passed in" in run(tmp_path, "-n", workers).stdout
    assert (tmp_path / "begun").read_text() == "x\n" * 5, "not begun before, it begins with each test"
