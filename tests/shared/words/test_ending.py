"""A command whose reader has gone ends as other tools do: by SIGPIPE, and without a word."""

import os
import signal
import subprocess
import sys

import pytest

from compose.place import ROOT

CALLS = "from shared.words.ending import end\nimport sys\n"


def ended(*words: str, listens: bool = False, both: bool = False) -> subprocess.CompletedProcess[bytes]:
    """Its reader has gone before it begins; `both`: of standard error, too."""
    reader, writer = os.pipe()
    if not listens:
        os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, "-P", *words], stdout=writer, stderr=writer if both else subprocess.PIPE, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "YKT_LANG": "en"}, check=False, timeout=120,
        )  # fmt: skip
    finally:
        os.close(writer)
        if listens:
            os.close(reader)


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize(
    "work",
    [
        "end(lambda: print('a') or 0)",
        "end(lambda: print('a' * 100_000) or 0)",
        "end(lambda: print('a') or sys.exit(2))",
        "end(lambda: print('a', flush=True) or 0)",
    ],
)
def test_who_prints_for_nobody_ends_by_the_signal(work: str, both: bool) -> None:
    done = ended("-c", f"{CALLS}{work}", both=both)
    assert done.returncode == -signal.SIGPIPE
    assert not done.stderr


@pytest.mark.parametrize(("work", "code"), [("0", 0), ("1", 1), ("sys.exit(2)", 2)])
def test_else_its_exit_code_is_its_own(work: str, code: int) -> None:
    assert ended("-c", f"{CALLS}end(lambda: {work})", listens=True).returncode == code


def test_the_collector_rests_until_the_work_begins_and_no_longer() -> None:
    rests = "import gc\ngc.disable()\n"
    assert ended("-c", f"{rests}{CALLS}end(lambda: int(not gc.isenabled()))", listens=True).returncode == 0
    texts = [
        path.read_text(encoding="utf-8")
        for part in ("cloud", "compose", "edge", "provisioning")
        for path in (ROOT / part).rglob("*.py")
    ]
    resting = [text for text in texts if "\n    gc.disable()  # until `end`\n" in text]
    assert len(resting) > 5
    assert all("\n    end(" in text.partition("# until `end`")[2] for text in resting)


def test_a_broken_pipe_that_is_not_the_readers_is_not_hidden() -> None:
    done = ended("-c", f"{CALLS}def work():\n    raise BrokenPipeError('the key process')\nend(work)", listens=True)
    assert done.returncode == 1
    assert b"the key process" in done.stderr


def test_who_is_told_by_tasks_ends_by_the_signal_too() -> None:
    work = "def work():\n    raise ExceptionGroup('tasks', [ExceptionGroup('more', [BrokenPipeError()])])\nend(work)"
    assert ended("-c", CALLS + work).returncode == -signal.SIGPIPE
    mixed = "def work():\n    raise ExceptionGroup('tasks', [BrokenPipeError(), ValueError('b')])\nend(work)"
    assert ended("-c", CALLS + mixed).returncode == 1


@pytest.mark.parametrize(
    "module", ["compose", "cloud", "edge.desk", "provisioning", "compose.commands.verify", "tests.bench"]
)
def test_a_page_of_help_for_nobody(module: str) -> None:
    done = ended("-m", module, "--help")
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")
