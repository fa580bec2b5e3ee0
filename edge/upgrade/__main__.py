"""`openykt-box`: what starts a box's releases, and so belongs to none of them. Installed by the Debian package.

step           before each start, as root: what starts now (systemd: ExecStartPre=+)
run -- WORDS   becomes the release that is current (ExecStart)
judge          each minute, as root: a release on trial that says nothing is ended (openykt-trial.timer)
status, back   for a person at the box
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.files.disk import keep_private
from edge.upgrade.folders import CURRENT, OPEN_FOLDER, Folders
from edge.upgrade.places import CAMPUS, TRUST, Places
from edge.upgrade.standing import WHY_MAX, Offered, Standing, Why
from edge.upgrade.starting import LAUNCHER, Starting, this_machine
from shared.words.voice import Text, speak, wanted

PROOF_S = 60.0
"""So long proving may take."""
UNIT = "openykt-edge.service"


def main(words: list[str]) -> int:
    """0 done, 1 not to be done, 2 wrong use."""
    speak(wanted(words, os.environ))
    match words[:1]:
        case ["step"]:
            with _alone():
                standing = _starting().step(int(time.time()))
            sys.stdout.write("".join(f"{line}\n" for line in lines(standing)))
            return 0
        case ["run"]:
            program = _program(_places())
            os.execv(program, [str(program), *words[1 + (words[1:2] == ["--"]) :]])  # noqa: S606  # becomes it
        case ["judge"]:
            return _judge()
        case ["status"]:
            return _status(as_json="--json" in words)
        case ["back"]:
            return _back(" ".join(words[1:]))
    sys.stderr.write(f"{Text('用法', 'usage')}: openykt-box step | run -- WORDS | judge | status [--json] | back WHY\n")
    return 2


def _program(places: Places) -> Path:
    """Of what is current; where nothing is (yet), of the package."""
    current = places.place / CURRENT / LAUNCHER
    return current if current.is_file() else places.shipped / LAUNCHER


def lines(standing: Standing) -> list[str]:
    """For a person."""
    found = [f"{Text('在用', 'in use')}: {_named(standing.current)}"]
    if standing.trial is not None:
        trial, starts = _named(standing.trial), standing.starts
        found.append(str(Text(f"试用：{trial}，第 {starts} 次启动", f"on trial: {trial}, start {starts}")))
    if standing.former is not None:
        found.append(f"{Text('上一版', 'before it')}: {_named(standing.former)}")
    found += [f"{Text('已退回', 'went back')}: {one.name} [{one.why.value}] {one.said}" for one in standing.back]
    return found


def _judge() -> int:
    with _alone():
        is_over = _starting().judge(int(time.time()))
    if not is_over:
        return 0
    sys.stdout.write(f"{Text('试用逾时，重新启动', 'on trial for too long: restarted')}\n")
    return subprocess.run(("systemctl", "restart", UNIT), check=False, timeout=PROOF_S).returncode


def _status(*, as_json: bool) -> int:
    raw = _places().standing
    if as_json:
        sys.stdout.write(raw.read_text(encoding="utf-8") if raw.exists() else json.dumps(None) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines(_folders().standing())))
    return 0


def _back(said: str) -> int:
    """A person takes a release back: the one on trial, or the one in use; nothing goes over the network."""
    with _alone():
        return _taken_back(_folders(), said, int(time.time()))


def _taken_back(folders: Folders, said: str, now_s: int) -> int:
    standing = folders.standing()
    if standing.trial is not None:
        after = standing.gone_back(Why.PERSON, said, now_s)
    elif standing.former is not None:
        after = standing.refused(standing.current, Why.PERSON, said, now_s)
        after = after._replace(current=standing.former, former=None)
    else:
        sys.stderr.write(f"{Text('没有上一版', 'there is none before it')}\n")
        return 1
    folders.keep(after)
    folders.switch(after)
    sys.stdout.write("".join(f"{line}\n" for line in lines(after)))
    return 0


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time; the kernel frees the lock when somebody dies."""
    _places().place.mkdir(exist_ok=True)
    _places().place.chmod(OPEN_FOLDER)
    with (_places().place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _starting() -> Starting:
    return Starting(_folders(), _places().incoming, _proven, this_machine())


def _folders() -> Folders:
    places = _places()
    return Folders(places.place, places.shipped.resolve())


def _proven(archive: Path, offered: Offered) -> str:
    """The release that runs now judges; it has what proves signatures."""
    place, _, incoming = _places()
    try:
        campus = _pinned(place / CAMPUS, incoming / CAMPUS)
        command = (
            place / CURRENT / LAUNCHER, "edge", "prove", "--archive", archive, "--trust", incoming / TRUST,
            "--campus", campus, "--number", str(offered.number), "--lang", "en",
        )  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROOF_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as fault:
        return type(fault).__name__
    return "" if done.returncode == 0 else (done.stderr or done.stdout or "?").strip().splitlines()[-1][:WHY_MAX]


def _pinned(kept: Path, brought: Path) -> Path:
    """What the box said of its campus first; another word later changes nothing."""
    if not kept.exists():
        fresh = kept.with_suffix(".part")
        fresh.write_bytes(brought.read_bytes()[:4096])
        fresh.rename(kept)
    return kept


def _named(one: Offered) -> str:
    return f"{one.name} ({one.number})" if one.digest else f"{one.name} ({Text('安装包', 'of the package')})"


def _places() -> Places:
    return Places.of(os.environ)


if __name__ == "__main__":
    keep_private()
    sys.exit(main(sys.argv[1:]))
