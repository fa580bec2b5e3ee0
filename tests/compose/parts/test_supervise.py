"""The launcher's engine on real processes: order, faults, ends, and what a killed launcher leaves behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from compose.parts.hold import FolderInUse, hold
from compose.parts.part import Part, PartError
from compose.parts.process import lives
from compose.parts.supervise import StartFailed, State, Supervisor
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
LAUNCHER = Path(__file__).with_name("launcher.py")


def part(name, body, **more):
    return Part(name, (sys.executable, "-S", "-c", body), **more)


def sleeper(name, **more):
    return part(name, f"import signal; print('READY {name}'); signal.pause()", **more)


def until(condition):
    """Poll a condition, bounded; return its first true value."""
    last = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < last, "the condition did not come true"
        time.sleep(0.01)
    return value


async def soon(condition):
    """The same on the loop."""
    last = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < last, "the condition did not come true"
        await asyncio.sleep(0.01)
    return value


class Campus:
    """A supervisor that remembers what it said."""

    def __init__(self, folder):
        self.events, self.lines = [], []
        self.supervisor = Supervisor(
            folder / "log",
            on_event=self.events.append,
            on_line=lambda name, line: self.lines.append((name, line)),
        )

    def names(self, state):
        return [event.name for event in self.events if event.state is state]


@pytest.fixture
def campus(tmp_path):
    return Campus(tmp_path)


def run(scene):
    """Run a scene on a loop; what it leaves running is an error of the scene."""
    asyncio.run(scene)


def test_parts_start_after_those_they_need_and_end_before_them(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(
                sleeper("ingest", after=("broker", "ledger")), sleeper("broker"), sleeper("ledger", after=("broker",))
            )

    run(scene())
    assert campus.names(State.READY) == ["broker", "ledger", "ingest"]
    assert campus.names(State.ENDED) == ["ingest", "ledger", "broker"]


def test_part_is_asked_to_end_only_when_those_after_it_have_ended(campus):
    slow = """
import signal, sys, time
def end(*_):
    time.sleep(0.3)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("READY")
signal.pause()
"""

    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(sleeper("broker"), part("edge", slow, after=("broker",)))

    run(scene())
    assert campus.names(State.ENDED) == ["edge", "broker"]


def test_part_that_dies_takes_its_own_children_with_it(campus):
    body = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", "import signal; signal.pause()"])
print("READY", child.pid, flush=True)
sys.stdin.read(1)
"""

    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(part("edge", body))
            grandchild = int(supervisor.ready_line("edge").split()[1])
            supervisor.tell("edge", "die")
            await soon(lambda: campus.names(State.DIED))
            await soon(lambda: not lives(grandchild))

    run(scene())


def test_independent_parts_start_together(campus):
    """Each is ready only when the other has started: one after the other would never end."""
    body = """
import pathlib, signal, time
pathlib.Path({mine!r}).touch()
while not pathlib.Path({other!r}).exists(): time.sleep(0.01)
print("READY")
signal.pause()
"""
    folder = campus.supervisor._log_dir
    left, right = str(folder / "left"), str(folder / "right")

    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(
                part("left", body.format(mine=left, other=right)), part("right", body.format(mine=right, other=left))
            )

    run(scene())
    assert sorted(campus.names(State.READY)) == ["left", "right"]


def test_ready_line_is_what_the_part_said(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(part("console", "print('READY port=1234'); import signal; signal.pause()"))
            assert supervisor.ready_line("console") == "READY port=1234"

    run(scene())


def test_part_that_dies_at_its_start_fails_it_with_its_last_lines(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            with pytest.raises(StartFailed, match=r"(?s)broker.*退出码 3.*\| no such port") as failed:
                await supervisor.start(
                    sleeper("ledger"),
                    part("broker", "print('no such port'); raise SystemExit(3)"),
                    sleeper("edge", after=("broker",)),
                )
            assert failed.value.tail == ("no such port",)

    run(scene())
    assert "edge" not in campus.names(State.STARTING)


def test_part_that_is_never_ready_fails_the_start_and_is_ended(campus):
    silent = part("edge", "import signal; print('thinking', flush=True); signal.pause()", ready_timeout_s=0.5)

    async def scene():
        async with campus.supervisor as supervisor:
            with pytest.raises(StartFailed, match=r"0\.5 秒内未就绪"):
                await supervisor.start(silent)

    run(scene())
    assert campus.names(State.ENDED) == ["edge"]


@pytest.mark.parametrize("first", ["sys.exit(2)", "signal.pause()"], ids=["ends", "never ready"])
def test_a_spare_part_that_does_not_start_is_tried_again_and_the_rest_goes_on(campus, tmp_path, first):
    """The console's port is taken, say: the terminals sell, and the console comes when it can."""
    flag = tmp_path / "free"
    body = (
        f"import pathlib, signal, sys\nif not pathlib.Path({str(flag)!r}).exists(): {first}\n"
        "print('READY at last')\nsignal.pause()"
    )
    console = part("console", body, ready_timeout_s=2.0, spare=True)  # a busy machine starts a program in less

    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(console, sleeper("edge"))
            assert supervisor.ready_line("console") == ""
            assert campus.names(State.READY) == ["edge"]
            flag.touch()
            await soon(lambda: supervisor.ready_line("console"))
            assert supervisor.ready_line("console") == "READY at last"
            assert supervisor.faults["console"] >= 1

    run(scene())
    assert sorted(campus.names(State.ENDED)) == ["console", "edge"]


def test_program_that_is_not_there_fails_the_start(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            with pytest.raises(StartFailed, match=r"(?s)退出码 127.*No such file"):
                await supervisor.start(Part("edge", ("/no/such/program",)))

    run(scene())


def test_user_that_is_not_there_fails_the_start(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            with pytest.raises(StartFailed, match="没有用户 'nobody-of-that-name'"):
                await supervisor.start(sleeper("edge", user="nobody-of-that-name"))

    run(scene())


def test_killed_part_is_started_again_and_counted(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(sleeper("edge"))
            first = supervisor.pid("edge")
            supervisor.send("edge", signal.SIGKILL)
            await soon(lambda: campus.names(State.READY) == ["edge", "edge"])
            assert supervisor.pid("edge") not in (0, first)
            assert supervisor.faults == {"edge": 1}

    run(scene())
    died = [event for event in campus.events if event.state is State.DIED]
    assert [event.detail for event in died] == ["exit -9"]


def test_part_that_keeps_dying_is_started_at_growing_distances(campus, tmp_path, monkeypatch):
    monkeypatch.setattr("compose.parts.supervise.BACK_OFF_S", (0.05, 0.1, 0.2))
    once = tmp_path / "once"
    body = (
        f"import pathlib, sys\nfirst = not pathlib.Path({str(once)!r}).exists()\npathlib.Path({str(once)!r}).touch()\n"
    )
    body += "first and (print('READY', flush=True), sys.stdin.read(1))\nsys.exit(7)"
    starts = []

    async def scene():
        async with campus.supervisor as supervisor:
            campus.supervisor._on_event = lambda event: (
                event.state is State.STARTING and starts.append(time.monotonic())
            )
            await supervisor.start(part("edge", body))
            supervisor.tell("edge", "die")
            await soon(lambda: len(starts) == 5)
            assert supervisor.faults["edge"] >= 4

    run(scene())
    gaps = [later - earlier for earlier, later in pairwise(starts)][1:]
    assert gaps[0] >= 0.1
    assert gaps[1] >= 0.2
    assert gaps[2] >= 0.2


def test_part_that_does_not_end_is_killed_with_its_group_and_named(campus, tmp_path):
    body = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c", "import signal; signal.pause()"])
print("READY", child.pid, flush=True)
while True: signal.pause()
"""

    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(part("edge", body, stop_timeout_s=0.3), sleeper("broker"))
            grandchild = int(supervisor.ready_line("edge").split()[1])
            assert lives(grandchild)
            ended = await supervisor.end()
            assert ended.killed == ("edge",)
            await soon(lambda: not lives(grandchild))

    run(scene())
    assert campus.names(State.KILLED) == ["edge"]


def test_hurry_cuts_the_wait_short(campus):
    body = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("READY", flush=True)
while True: signal.pause()
"""

    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(part("edge", body, stop_timeout_s=600))
            hurry = asyncio.Event()
            asyncio.get_running_loop().call_later(0.2, hurry.set)
            ended = await supervisor.end(hurry=hurry)
            assert ended.killed == ("edge",)
            assert ended.took_s < PATIENCE_S

    run(scene())


def test_named_parts_end_and_the_others_stay(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(sleeper("broker"), sleeper("edge", after=("broker",)))
            await supervisor.end("edge")
            assert supervisor.pid("broker")
            await supervisor.start(sleeper("edge", after=("broker",)))

    run(scene())
    assert campus.names(State.ENDED) == ["edge", "edge", "broker"]


def test_part_hears_what_it_is_told(campus):
    body = "import sys; print('READY')\nfor line in sys.stdin: print('heard', line.strip())"

    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(part("terminal", body))
            assert supervisor.tell("terminal", "stop selling")
            await soon(lambda: ("terminal", "heard stop selling") in campus.lines)

    run(scene())


def test_part_that_does_not_read_bounds_what_it_is_told(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(sleeper("terminal"))
            told = [supervisor.tell("terminal", "x" * 4000) for _ in range(40)]
            assert told[0]
            assert not told[-1]

    run(scene())


def test_status_is_heard_but_not_logged(campus):
    body = "print('STATUS {}'); print('started well'); print('READY'); import signal; signal.pause()"

    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(part("edge", body))

    run(scene())
    assert ("edge", "STATUS {}") in campus.lines
    assert (campus.supervisor._log_dir / "edge.log").read_text() == "started well\nREADY\n"


def test_one_off_step_gives_its_code_and_its_last_lines(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            outcome = await supervisor.run(part("import", "print('200 cards'); raise SystemExit(1)"), PATIENCE_S)
            assert (outcome.code, outcome.tail) == (1, ("200 cards",))

    run(scene())


def test_one_off_step_that_does_not_end_is_ended(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            outcome = await supervisor.run(sleeper("import"), 0.3)
            assert outcome.code == -signal.SIGTERM

    run(scene())


@pytest.mark.parametrize(
    "parts",
    [
        [sleeper("a", after=("b",)), sleeper("b", after=("a",))],
        [sleeper("a", after=("absent",))],
        [sleeper("a"), sleeper("a")],
    ],
    ids=["circle", "unknown", "twice"],
)
def test_order_that_cannot_be_kept_is_refused_before_anything_starts(campus, parts):
    async def scene():
        async with campus.supervisor as supervisor:
            with pytest.raises(PartError):
                await supervisor.start(*parts)

    run(scene())
    assert campus.events == []


@pytest.mark.parametrize("name", ["", "../edge", "Edge", "a/b", "x" * 64])
def test_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(PartError):
        sleeper(name)


def test_secrets_in_the_environment_are_not_shown():
    assert "1234" not in repr(sleeper("edge", env={"PIN": "1234"}))


def test_killed_leash_is_replaced_and_still_holds(campus):
    async def scene():
        async with campus.supervisor as supervisor:
            await supervisor.start(sleeper("edge"))
            pid, leash = supervisor.pid("edge"), supervisor._leash
            first = leash.pid
            os.kill(first, signal.SIGKILL)
            await soon(lambda: leash.pid != first)
            assert supervisor.faults == {"leash": 1}
            leash._part()  # as if we had been killed
            assert not lives(pid)

    run(scene())


# --- a launcher as a process of its own


def launch(data, *words):
    return subprocess.Popen(
        [sys.executable, LAUNCHER, data, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def pids(launcher):
    """What the launcher printed once all was up: part name → process id."""
    return json.loads(launcher.stdout.readline())


@pytest.fixture
def launcher(tmp_path):
    process = launch(tmp_path / "data")
    yield process
    if process.poll() is None:
        process.kill()
    process.wait(PATIENCE_S)
    process.stdout.close()


def test_killed_launcher_leaves_no_process(launcher, tmp_path):
    running = pids(launcher)
    assert all(lives(pid) for pid in running.values())
    launcher.kill()
    until(lambda: not any(lives(pid) for pid in running.values()))
    with hold(tmp_path / "data"):
        order = (tmp_path / "data" / "ended").read_text().split()
    assert order == ["polite-2", "polite-1"]  # the stubborn one said nothing: it was killed


def test_interrupted_launcher_ends_in_order_and_says_whom_it_killed(launcher, tmp_path):
    running = pids(launcher)
    launcher.send_signal(signal.SIGINT)
    rest, _ = launcher.communicate(timeout=PATIENCE_S)
    assert launcher.returncode == 0
    assert json.loads(rest) == {"killed": ["stubborn"]}
    assert not any(lives(pid) for pid in running.values())
    assert (tmp_path / "data" / "ended").read_text().split() == ["polite-2", "polite-1"]


def test_folder_in_use_is_refused_in_both_languages(launcher, tmp_path, monkeypatch):
    """At once: its launcher lives."""
    monkeypatch.setattr("compose.parts.hold.END_WAIT_S", 600.0)
    pids(launcher)
    with pytest.raises(FolderInUse, match=rf"(?s)正在使用.*{launcher.pid}") as refused:
        hold(tmp_path / "data")
    assert refused.value.exit_code == 2


def test_folder_of_a_killed_launcher_is_free_only_when_its_parts_have_ended(launcher, tmp_path):
    running = pids(launcher)
    launcher.kill()
    launcher.wait(PATIENCE_S)
    with hold(tmp_path / "data"):
        assert not any(lives(pid) for pid in running.values())


def test_folder_is_free_after_an_ordered_end(launcher, tmp_path, monkeypatch):
    """At once: nobody is waited for."""
    pids(launcher)
    launcher.send_signal(signal.SIGTERM)
    launcher.communicate(timeout=PATIENCE_S)
    monkeypatch.setattr("compose.parts.hold.END_WAIT_S", 0.0)
    hold(tmp_path / "data").__exit__()
