"""The scripts of the images, run as they are: who may begin in a folder, who listens, who is told of another list."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from compose.place import ROOT
from compose.server.images import copy_sources
from tests.patience import PATIENCE_S

IMAGES = ROOT / "compose/images"
POLL_S = 0.05
BROKER = """\
#!/bin/sh
trap 'echo told >>"$2.heard"' HUP
trap 'echo ended >>"$2.heard"; exit 0' TERM
echo began >>"$2.heard"
while :; do /bin/sleep 0.05; done
"""
"""Stands in mosquitto's place: writes down what it is told."""
SLEEP = """\
#!/bin/sh
echo looked >>"${0%/*}/looks"
exec /bin/sleep 0.05
"""
"""The keeper looks, sleeps, and looks again."""


def entered(folder: Path, known: str) -> "subprocess.CompletedProcess[str]":
    words = (IMAGES / "enter", folder, "echo", "began")
    environment = {"PATH": f"{folder}/bin:/usr/bin:/bin", "YKT_INSTALLATION": known}
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin/sleep").write_text("#!/bin/sh\n")  # nobody starts it again here
    (folder / "bin/sleep").chmod(0o755)
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("mark", ["", "fedcba9876543210\n"])
def test_an_empty_or_a_strange_folder_is_refused_in_words_and_nothing_begins(tmp_path: Path, mark: str) -> None:
    if mark:
        (tmp_path / "installation").write_text(mark)
    done = entered(tmp_path, "0123456789abcdef")
    assert (done.returncode, done.stdout) == (78, "")
    assert "拒绝" in done.stderr
    assert "0123456789abcdef" in done.stderr


def test_its_own_folder_is_entered(tmp_path: Path) -> None:
    (tmp_path / "installation").write_text("0123456789abcdef\n")
    assert entered(tmp_path, "0123456789abcdef").stdout == "began\n"


def test_an_installation_without_a_number_has_no_folder(tmp_path: Path) -> None:
    """An empty variable and a missing mark are not the same thing."""
    assert entered(tmp_path, "").returncode == 78


def test_who_listens_is_seen_without_a_call() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
        assert subprocess.run((IMAGES / "healthy-port", str(port)), check=False).returncode == 0
    assert subprocess.run((IMAGES / "healthy-port", str(port)), check=False).returncode != 0


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Path]:
    """What the broker was told, while it is kept; ended in order."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mosquitto").write_text(BROKER)
    (tmp_path / "bin/mosquitto").chmod(0o755)
    (tmp_path / "bin/sleep").write_text(SLEEP)
    (tmp_path / "bin/sleep").chmod(0o755)
    (tmp_path / "crl.pem").write_text("one")
    words = (IMAGES / "keep-broker", tmp_path / "conf", tmp_path / "crl.pem")
    kept = subprocess.Popen(words, env={**os.environ, "PATH": f"{tmp_path}/bin:/usr/bin:/bin"})
    said = tmp_path / "conf.heard"
    until(said, "began\n")
    yield said
    kept.send_signal(signal.SIGTERM)
    assert kept.wait(PATIENCE_S) == 0
    assert said.read_text().endswith("ended\n"), "it is ended in order, and its keeper with it"


def until(said: Path, text: str) -> None:
    last_s = time.monotonic() + PATIENCE_S
    while not said.exists() or said.read_text() != text:
        assert time.monotonic() < last_s, said.read_text() if said.exists() else "nothing"
        time.sleep(POLL_S)


def until_looked(looks: Path, times: int) -> None:
    goal, last_s = looks.read_text().count("\n") + times, time.monotonic() + PATIENCE_S
    while looks.read_text().count("\n") < goal:
        assert time.monotonic() < last_s, "the keeper does not look"
        time.sleep(POLL_S)


def renewed(file: Path, text: str) -> None:
    file.with_suffix(".new").write_text(text)
    file.with_suffix(".new").rename(file)


def test_the_broker_is_told_of_another_list_and_never_while_there_is_none(heard: Path) -> None:
    """mosquitto that is told while the list cannot be read runs on without one."""
    crl = heard.with_name("crl.pem")
    renewed(crl, "two")
    until(heard, "began\ntold\n")
    crl.rename(crl.with_suffix(".away"))
    crl.touch()
    until_looked(heard.with_name("bin") / "looks", 3)
    assert heard.read_text() == "began\ntold\n"
    renewed(crl, "three")
    until(heard, "began\ntold\ntold\n")


@pytest.fixture
def keeper(tmp_path: Path) -> Path:
    """keep-backups over folders of the test's, with an `openykt` that writes down what it is asked, and a clock that
    stands still."""
    tools = {"openykt": '#!/bin/sh\necho "$@" >>"${0%/*}/heard"\n[ -e "${0%/*}/$3" ]\n', "date": "#!/bin/sh\necho 1\n"}
    tools["sleep"] = '#!/bin/sh\necho "$1" >>"${0%/*}/slept"\n[ "$1" -ge 3600 ] && kill $PPID\nexit 0\n'
    text = (IMAGES / "keep-backups").read_text()
    for place in ("/var/lib/postgresql/17/main", "/backup", "/run/ykt/postgres"):
        text = text.replace(f"={place}", f"={tmp_path}{place}")
        (tmp_path / place[1:]).mkdir(parents=True)
    with closing(socket.socket(socket.AF_UNIX)) as books:
        books.bind(str(tmp_path / "run/ykt/postgres/.s.PGSQL.5432"))
    for name, script in {**tools, "keep-backups": text}.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def kept(keeper: Path, *words: str) -> list[str]:
    """What was asked of the cloud's command, without its usual words."""
    environment = {"PATH": f"{keeper}:/usr/bin:/bin"}
    subprocess.run((keeper / "keep-backups", *words), env=environment, check=False, timeout=PATIENCE_S)
    usual = f"--data /campus --to {keeper}/backup"
    said = (keeper / "heard").read_text().splitlines() if (keeper / "heard").exists() else []
    return [line.removeprefix("cloud backup ").replace(usual, "…") for line in said]


def test_the_night_and_a_persons_deed_are_said_to_the_same_keeper(keeper: Path) -> None:
    kept(keeper, "list")
    assert kept(keeper, "set-up") == ["list …", f"set-up … --cluster {keeper}/var/lib/postgresql/17/main"]


def test_backups_are_set_up_by_their_keeper_and_the_first_is_made_at_once(keeper: Path) -> None:
    (keeper / "set-up").touch()  # so that it succeeds; what is no file fails
    (keeper / "backup/backup-20261128-030000.part").mkdir()  # the first was broken off: there is none
    assert [line.split()[0] for line in kept(keeper, "02:30")] == ["set-up", "make"]
    assert (keeper / "slept").read_text().split() == ["3600"], "it failed here, and is tried again within the hour"


def test_a_repository_that_was_begun_and_is_not_there_is_never_begun_anew(keeper: Path) -> None:
    (keeper / "var/lib/postgresql/17/main/openykt-pgbackrest.conf").touch()
    assert kept(keeper, "2") == []
    (keeper / "backup/pgbackrest.conf").touch()
    assert kept(keeper, "2") == ["make …"]


def test_what_goes_into_images_is_for_everybody_whatever_the_checkouts_modes_are(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for name, mode in (("enter", 0o700), ("platform.Containerfile", 0o600)):
        (private / name).touch(mode)
    copy_sources(private, tmp_path / "context")
    assert {one.name: one.stat().st_mode & 0o777 for one in (tmp_path / "context").iterdir()} == {
        "enter": 0o755,
        "platform.Containerfile": 0o644,
    }
