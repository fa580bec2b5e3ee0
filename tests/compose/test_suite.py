"""`./ykt test`: what it says of itself, and how the whole suite is run: workers, the slowest told, a limit each."""

from pathlib import Path

import pytest

from compose.suite import SLOWEST, SUITE, WORKERS, main
from shared.words.voice import Language, speak
from tests.compose.whole_run import PLUGINS, run

SLOW_ONE = """
import time
def test_slow(): time.sleep(0.02)
"""
HANGS = """
import threading, pytest
@pytest.mark.timeout(1)
def test_hangs(): threading.Event().wait()
def test_after(): pass
"""
LIMIT = """
def test_it(request):
    ours = request.node.get_closest_marker("timeout")
    raise AssertionError(f"limit of ours: {ours.args if ours else ()}")
"""
WITH_A_PROCESS = """
import pytest
@pytest.mark.process
def test_b(): pass
def test_too(): pass
"""
NOTHING_AHEAD = """
def pytest_configure():
    from tests import ahead
    ahead.LONG.clear()
"""
ORDER = """
import pytest
@pytest.mark.parametrize("n", range(40))
def test_it(n): pass
"""


@pytest.mark.parametrize(
    ("language", "begins", "random"), [(Language.ZH, "用法：", "随机"), (Language.EN, "usage: ", "random order")]
)
def test_help_is_ours_then_that_of_pytest(
    capsys: pytest.CaptureFixture[str], language: Language, begins: str, random: str
) -> None:
    speak(language)
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{begins}./ykt test")
    for word in ("--all", random, "-p no:randomly", "-n 2", "--randomly-seed"):
        assert word in said


@pytest.mark.process
@pytest.mark.process
def test_mutants_are_a_report_of_their_own(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--mutants", "2", "--seed", "1", "--only", "shared/money"]) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[0].startswith("种子 1：2 个")
    assert len([line for line in said if "shared/money.py:" in line]) == 2
    assert main(["--mutants", "none"]) == 2


def test_the_closing_line_is_the_last_and_the_slowest_come_before(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(PLUGINS + NOTHING_AHEAD)
    (tmp_path / "test_slow.py").write_text(SLOW_ONE)
    (tmp_path / "test_fast.py").write_text("def test_fast(): pass\n")
    said = run(tmp_path, *SUITE).stdout
    assert f"slowest {SLOWEST} durations" in said
    assert "call     test_slow.py::test_slow" in said
    assert f"created: {WORKERS}/{WORKERS} workers" in said
    assert "= 2 passed in" in said.splitlines()[-1]


@pytest.mark.process
def test_what_hangs_is_ended_with_its_stack_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(PLUGINS)
    (tmp_path / "test_it.py").write_text(HANGS)
    done = run(tmp_path, "-p", "no:randomly")
    assert done.returncode == 1
    assert "Timeout" in done.stdout
    assert "threading.Event().wait()" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


@pytest.mark.process
@pytest.mark.parametrize(("words", "ours"), [((), "(600,)"), (("--timeout", "7"), "()"), (("--timeout", "0"), "()")])
def test_a_limit_that_is_asked_for_goes_before_ours(tmp_path: Path, words: tuple[str, ...], ours: str) -> None:
    (tmp_path / "conftest.py").write_text(PLUGINS)
    (tmp_path / "test_it.py").write_text(LIMIT)
    done = run(tmp_path, *words)
    assert f"limit of ours: {ours}" in done.stdout, done.stdout


@pytest.mark.process
def test_the_order_is_random_and_can_be_had_again(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(PLUGINS)
    (tmp_path / "test_it.py").write_text(ORDER)

    def order(*words: str) -> list[str]:
        return [line for line in run(tmp_path, "--collect-only", "-q", *words).stdout.splitlines() if "::" in line]

    assert order("-p", "no:randomly") == sorted(order(), key=lambda name: int(name.partition("[")[2][:-1]))
    assert order("--randomly-seed=7") == order("--randomly-seed=7") != order("--randomly-seed=8")


@pytest.mark.process
def test_modules_with_processes_go_first_and_last_what_waits_for_a_long_command(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(PLUGINS)
    (tmp_path / "test_a.py").write_text(ORDER)
    (tmp_path / "test_b.py").write_text(WITH_A_PROCESS)
    (tmp_path / "test_c.py").write_text(WITH_A_PROCESS.replace("process", "ahead"))
    for seed in range(3):
        said = run(tmp_path, "--collect-only", "-q", f"--randomly-seed={seed}").stdout.splitlines()
        modules = [line.partition("::")[0] for line in said if "::" in line]
        assert modules == ["test_b.py"] * 2 + ["test_a.py"] * 40 + ["test_c.py"] * 2
