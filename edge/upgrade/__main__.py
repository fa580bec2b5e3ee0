"""`openykt-box`: what starts a box's releases, and so belongs to none of them. Installed by the Debian package.

step           before each start, as root: what starts now (systemd: ExecStartPre=+)
run -- WORDS   becomes the release that is current (ExecStart)
judge          each minute, as root: a release on trial that says nothing is ended (openykt-trial.timer)
status, back   for a person at the box
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from edge.upgrade.folders import CURRENT, Folders
from edge.upgrade.standing import WHY_MAX, Offered, Standing, Why
from edge.upgrade.starting import LAUNCHER, Starting, this_machine
from shared.words.voice import Text, speak, wanted

PLACE, SHIPPED = Path("/var/lib/openykt-box"), Path("/opt/openykt/shipped")
INCOMING = Path("/var/lib/openykt/incoming")
TRUST, CAMPUS = "trust", "campus.json"
"""Beside an archive: what officers have signed; whose they are. The second is believed once, and then for ever."""
PROOF_S = 60.0
"""So long proving may take."""
UNIT = "openykt-edge.service"
PREFIX = "OPENYKT_BOX_"
"""Of variables that say other places: for trials."""


def main(words: list[str]) -> int:
    """0 done, 1 not to be done, 2 wrong use."""
    speak(wanted(words, os.environ))
    match words[:1]:
        case ["step"]:
            standing = _starting().step(int(time.time()))
            sys.stdout.write("".join(f"{line}\n" for line in lines(standing)))
            return 0
        case ["run"]:
            program = _place() / CURRENT / LAUNCHER
            os.execv(program, [str(program), *words[1 + (words[1:2] == ["--"]) :]])  # noqa: S606  # becomes it
        case ["judge"]:
            return _judge()
        case ["status"]:
            return _status(as_json="--json" in words)
        case ["back"]:
            return _back(" ".join(words[1:]))
    sys.stderr.write(f"{Text('用法', 'usage')}: openykt-box step | run -- WORDS | judge | status [--json] | back WHY\n")
    return 2


def lines(standing: Standing) -> list[str]:
    """For a person."""
    found = [f"{Text('在用', 'in use')}: {_named(standing.current)}"]
    if standing.trial is not None:
        trial = _named(standing.trial)
        found.append(
            f"{Text('试用', 'on trial')}: {trial} ({Text('第', 'start ')}{standing.starts}{Text('次启动', '')})"
        )
    if standing.former is not None:
        found.append(f"{Text('上一版', 'before it')}: {_named(standing.former)}")
    found += [f"{Text('已退回', 'went back')}: {one.name} [{one.why.value}] {one.said}" for one in standing.back]
    return found


def _judge() -> int:
    if not _starting().judge(int(time.time())):
        return 0
    sys.stdout.write(f"{Text('试用逾时，重新启动', 'on trial for too long: restarted')}\n")
    return subprocess.run(("systemctl", "restart", UNIT), check=False, timeout=PROOF_S).returncode


def _status(*, as_json: bool) -> int:
    raw = _place() / "standing.json"
    if as_json:
        sys.stdout.write(raw.read_text(encoding="utf-8") if raw.exists() else json.dumps(None) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines(_folders().standing())))
    return 0


def _back(said: str) -> int:
    """A person takes a release back: the one on trial, or the one in use; nothing goes over the network."""
    folders, now_s = _folders(), int(time.time())
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


def _starting() -> Starting:
    return Starting(_folders(), _incoming(), _proven, this_machine())


def _folders() -> Folders:
    place = _place()
    place.mkdir(exist_ok=True)
    return Folders(place, _at("SHIPPED", SHIPPED).resolve())


def _proven(archive: Path, offered: Offered) -> str:
    """The release that runs now judges; it has what proves signatures."""
    place, incoming = _place(), _incoming()
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


def _place() -> Path:
    return _at("PLACE", PLACE)


def _incoming() -> Path:
    return _at("INCOMING", INCOMING)


def _at(name: str, usual: Path) -> Path:
    return Path(os.environ.get(f"{PREFIX}{name}", usual))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
