"""`./ykt up`: a campus in the foreground. Brings it up step by step, keeps it up, ends it in order, sums it up.

Ctrl-C or --for ends it cleanly: stop selling, drain, verify, sheet; a second Ctrl-C hurries. Exit 0 only if all is
posted and true, 1 if not, 2 for wrong use.
"""

import gc

if __name__ == "__main__":
    gc.disable()  # until `end`

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from compose.campus import closing, drill, opening, replay
from compose.campus.lives import Lives
from compose.campus.options import Options, console_port, parse
from compose.campus.terms import say_daily
from compose.campus.trace import Trace
from compose.parts.hold import FolderInUse, FolderUnusable, hold
from compose.parts.interrupts import Interrupts
from compose.parts.supervise import Event, StartFailed, State, Supervisor
from compose.parts.told import Waiting, progress_line
from compose.parts.watch import Watch
from compose.place import WrongUse, keep_private
from compose.servers.ports import NoPort
from compose.servers.postgres import PostgresError
from compose.servers.servers import ServerMissing
from shared.errors import ConfigFault
from shared.words.ending import end, reader_is_gone
from shared.words.refused import why_not
from shared.words.screen import Ink, Inks, is_screen
from shared.words.voice import Text, speak, wanted

TICK_S = 1.0
_NOT_REACHED = Text("未能读写：", "could not be read or written: ")
_PROGRESS = progress_line()
_WAITING = Waiting(_PROGRESS)
_MARKS = {
    State.READY: Text("就绪", "ready"),
    State.DIED: Text("意外退出，将重启", "died, will restart"),
    State.KILLED: Text("强制结束", "killed"),
}


def main(arguments: list[str]) -> int:
    """Run the campus; the exit code."""
    try:
        options = parse(arguments)
        day = replay.read_day(options, _say) if options.trace else None
        options = replace(options, port=console_port(options.port))
    except (WrongUse, ConfigFault) as wrong:
        _say(str(wrong))
        return 2
    except OSError as fault:
        _say(str(FolderUnusable(options.data, fault)))
        return 2
    try:
        with hold(options.data) as lock, _run_folder() as run_dir:
            return asyncio.run(_campus(options, day, run_dir, lock.fd))
    except (WrongUse, FolderInUse, FolderUnusable, ServerMissing, NoPort, ConfigFault) as wrong:
        _say(str(wrong))
        return 2
    except OSError as fault:
        if reader_is_gone(fault):
            raise
        _say(f"{_NOT_REACHED}{fault.filename or options.data}: {why_not(fault)}")
        return 1
    except (StartFailed, PostgresError, opening.StepFailed) as failed:
        _say(str(failed))
        return 1


async def _campus(options: Options, day: Trace | None, run_dir: Path, lock_fd: int) -> int:
    watch = Watch()
    lives = Lives(options.data / "campus" / "cloud", watch)

    def hear(event: Event) -> None:
        _show(event, watch)
        lives.hear(event)

    with Interrupts() as interrupts:
        kept, log = (lock_fd,), options.log
        async with (
            Supervisor(
                options.data / "log", on_line=partial(_hear, lives), on_event=hear, keep_fds=kept, log=log
            ) as parts,
            lives.kept(parts),
        ):
            wished = asyncio.create_task(interrupts.first.wait())
            began = asyncio.create_task(
                replay.open_replay(options, day, parts, watch, run_dir, _say)
                if day
                else opening.open_campus(options, parts, run_dir, _say)
            )
            await asyncio.wait({wished, began}, return_when=asyncio.FIRST_COMPLETED)
            if not began.done():
                began.cancel()
                await asyncio.gather(began, return_exceptions=True)
                _say(Text("已中止启动", "start given up"))
                return 1
            campus = began.result()
            terms = asyncio.create_task(say_daily(parts, campus.where.data, _say))
            drilled = asyncio.create_task(drill.drill(parts, campus.where.data, _say)) if options.drill else terms
            await _keep_on(options, campus, parts, watch, wished)
            terms.cancel()
            drilled.cancel()
            await asyncio.gather(terms, drilled, return_exceptions=True)
            figures = await closing.close(campus, parts, watch, interrupts.second, _say, _PROGRESS.tell)
            ended = await parts.end(hurry=interrupts.second)
            return closing.sum_up(figures, ended, options.report, _say)


async def _keep_on(
    options: Options, campus: opening.Campus, parts: Supervisor, watch: Watch, wished: "asyncio.Task[bool]"
) -> None:
    end = time.monotonic() + options.run_s if options.run_s else None
    while not wished.done() and (end is None or time.monotonic() < end) and not campus.finished(watch):
        await asyncio.wait({wished}, timeout=TICK_S)
        _live(replay.progress(campus, watch) + watch.live_line(sum(parts.faults.values())))


@contextlib.contextmanager
def _run_folder() -> Iterator[Path]:
    """A short private folder for sockets: their paths may have 108 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hear(lives: Lives, part: str, line: str) -> None:
    """What a drill says is for whoever sits here; all else is for the live line."""
    if part == drill.NAME:
        _say(f"  {line}")
    else:
        lives.hear_line(part, line)


def _show(event: Event, watch: Watch) -> None:
    if event.state is State.STARTING:
        watch.forget(event.name)
    if event.state in _MARKS:
        why = event.detail if event.state is State.DIED else ""
        ink = Ink.GOOD if event.state is State.READY else Ink.BAD
        mark = Inks(sys.stdout, os.environ)(ink, _MARKS[event.state])
        _say(f"  [{mark}] {event.name} {event.took_s:.1f} s {why}".rstrip())
    _WAITING(event)


def _say(line: str | Text) -> None:
    _PROGRESS.clear()
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _live(line: str) -> None:
    """Over the last one on a terminal; elsewhere a line each, for a log."""
    if is_screen(sys.stdout, os.environ):
        _PROGRESS.tell(line.strip())
    else:
        _say(line)


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
