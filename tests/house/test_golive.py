"""docs/golive/steps.md tells the truth: its commands are run in their order, from an empty room to the first sale.

What a server's containers would be (broker, key process, ingest) stands in by processes; CAN is the suite's bus, the
readers are vpcd's. Blocks that need hardware or containers are listed as not run here.
"""

import os
import re
import shlex
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from cloud.__main__ import main as cloud
from compose.place import ROOT
from compose.servers.ports import free_port
from compose.verbs import VERBS
from edge.__main__ import main as edge
from edge.card.__main__ import main as cards
from edge.card.sim.place import CARD_READER, PSAM_READER
from edge.files.memory import FileMemory
from edge.terminal.__main__ import main as terminal
from provisioning.cli.cli import main as provisioning
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory, blank_card_image
from shared.purse.cos.psam import Psam
from shared.purse.crypto import Key
from tests.patience import PATIENCE_S

PAGES = ROOT / "docs" / "golive"
BLOCK = re.compile(r"^```(sh|sh [a-z-]+|keys)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN_HERE = ("sh server", "sh on-site")
CEREMONY_BLOCKS = 4
"""Of the ceremony's page: begin, enter, join, seal."""
WAIT_S = 120
MAKERS = Key(bytes.fromhex("10311273143516F718391A7B1C3D1EFE"))
"""The maker's transport key: the two parts on the page, joined."""


class Block(NamedTuple):
    """form: its mark."""

    form: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(page.read_text(encoding="utf-8"))]


class Room:
    """Where the page is worked through: an empty folder, and what stands in for a server and a canteen."""

    def __init__(self, folder: Path, kept: ExitStack, server) -> None:
        self.folder, self.kept, self.server = folder, kept, server
        self.wire = folder / "can"
        self.port = free_port()
        self.env = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
            "PYTHONSAFEPATH": "1", "BROKER": f"127.0.0.1:{self.port}", "CAN": f"simbus:{self.wire}",
            "READER": CARD_READER, "PSAM_READER": PSAM_READER,
        }  # fmt: skip
        self.said = ""
        self.body = UserCard(RamMemory(blank_card_image(MAKERS)), os.urandom)
        self.logs = []

    def run(self, text: str) -> None:
        """To its end."""
        done = subprocess.run(
            ("sh", "-e", "-c", text), cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=WAIT_S,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, text + done.stdout[-1500:] + done.stderr[-1500:]
        self.said += done.stdout

    def daemon(self, *command: str) -> None:
        """Until the room is left; ready when it says so."""
        log = self.folder / f"{len(self.logs)}.log"
        self.logs.append(log)
        with log.open("wb") as out:
            child = subprocess.Popen(
                command, cwd=self.folder, env=self.env, stdin=subprocess.PIPE, stdout=out, stderr=out
            )
        self.kept.callback(_end, child)
        self.until(lambda: "READY" in log.read_text())

    def until(self, fact) -> None:
        """It comes true, or the daemons' last words are told."""
        until_s = time.monotonic() + PATIENCE_S
        while not fact():
            assert time.monotonic() < until_s, [log.read_text()[-600:] for log in self.logs]
            threading.Event().wait(0.1)

    def services(self) -> None:
        """What `./ykt server up` starts."""
        keys = str(self.folder / "k.sock")
        shares = ("--share-file", "李/校园份额", "--share-file", "赵/校园份额")
        python = (sys.executable, "-P", "-m")
        self.daemon(*python, "compose.servers.broker", "--port", str(self.port))
        self.daemon(*python, "provisioning", "keys", "--data", "校园", "--socket", keys, *shares, "--end-with-stdin")
        self.daemon(
            *python, "cloud", "ingest", "--data", "校园", "--keys", keys, "--broker", self.env["BROKER"],
            "--end-with-stdin",
        )  # fmt: skip
        self.daemon(*python, "edge.link.sim.can_daemon", "--socket", str(self.wire), "--bitrate", "125000")

    def lay(self, text: str) -> None:
        """Each command of the block, with a hand that lays what is asked for."""
        for line in text.replace("--count 10", "--count 1").splitlines():
            self.server.card.pull()
            child = subprocess.Popen(
                ("sh", "-e", "-c", f"exec {line}"), cwd=self.folder, env=self.env, stderr=subprocess.PIPE, text=True
            )
            told = []
            for said in child.stderr:
                told.append(said)
                if said.startswith("放上"):
                    self.server.card.insert(self.body)
                elif said.startswith("取走"):
                    self.server.card.pull()
                elif "放到一边" in said:
                    child.kill()
            child.stderr.close()
            assert child.wait(WAIT_S) == 0, told
        self.server.card.pull()

    def sell(self, text: str, keys: str) -> None:
        """The trial card and the till's own PSAM lie in the readers; each line typed is answered 成功."""
        data = self.folder / "校园"
        self.server.card.insert(UserCard(FileMemory(data / "cards/00001.card"), os.urandom))
        self.server.psam.insert(Psam(FileMemory(data / "terminals/pos-01/psam.bin"), os.urandom))
        child = subprocess.Popen(
            ("sh", "-e", "-c", f"exec {text}"), cwd=self.folder, env=self.env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        ends = threading.Timer(WAIT_S, child.kill)
        ends.start()
        try:
            _until(child.stdout, "在线")
            for line in keys.splitlines():
                child.stdin.write(f"{line}\n")
                if line == "status":
                    while "未入账 0" not in _until(child.stdout, "未入账"):
                        threading.Event().wait(0.1)
                        child.stdin.write("status\n")
                else:
                    assert f"成功 ¥{line}" in _until(child.stdout, "成功")
            child.stdin.write("quit\n")
            assert child.wait(WAIT_S) == 0
        finally:
            ends.cancel()
            child.kill()
            child.wait()
            child.stdout.close()
            child.stdin.close()
            self.server.close()


def _until(lines, words: str) -> str:
    seen = []
    for line in lines:
        seen.append(line)
        if words in line:
            return line
    raise AssertionError(seen)


def _end(child: subprocess.Popen) -> None:
    child.stdin.close()
    try:
        child.wait(0.2)
    except subprocess.TimeoutExpired:
        child.terminate()
        child.wait(PATIENCE_S)


@pytest.fixture
def room(tmp_path, pcscd):
    _, server = pcscd
    with ExitStack() as kept:
        server.close()
        kept.callback(server.close)
        yield Room(tmp_path, kept, server)


@pytest.mark.process
def test_the_page_leads_from_an_empty_room_to_the_first_sale(room, capsys) -> None:
    for _, text in blocks(ROOT / "docs" / "ceremony.md")[:CEREMONY_BLOCKS]:
        room.run(text.replace("--campus 1 ", "--campus 17 "))
    page, skipped = blocks(PAGES / "steps.md"), []
    for number, (form, text) in enumerate(page):
        if form in NOT_RUN_HERE:
            skipped += text.splitlines()
        elif form == "sh":
            room.run(text)
        elif form == "sh reader":
            room.lay(text)
        elif form == "sh daemon":
            room.services()
            room.daemon(*shlex.split(os.path.expandvars(_with(text, room.env))))
        elif form == "sh hand":
            room.sell(text, page[number + 1].text)
    assert skipped
    with capsys.disabled():
        sys.stdout.write("".join(f"\n  not run here: {line}" for line in skipped))
    assert "12.50" in room.said
    assert "pos-03" in room.said


def _with(text: str, env) -> str:
    return re.sub(r"\$(\w+)", lambda found: env.get(found[1], found[0]), text)


MAINS = {
    "provisioning": provisioning, "ykt provision": provisioning, "cloud": cloud, "ykt cloud": cloud, "edge": edge,
    "edge.card": cards, "edge.terminal": terminal,
}  # fmt: skip
STEPS = ("provisioning", "ykt provision")
"""Their verbs have steps of their own."""


def said_verbs() -> set[tuple[str, str]]:
    """Part and verb of each command that any of the pages names."""
    text = "".join(page.read_text(encoding="utf-8") for page in sorted(PAGES.glob("*.md")))
    found = re.findall(r"(python -m|\./ykt|openykt) ([a-z][a-z.]*)((?: [a-z][a-z-]*)*)", text)
    return {(part if way != "./ykt" else f"ykt {part}", words.strip()) for way, part, words in found}


@pytest.mark.parametrize(("part", "words"), sorted(said_verbs()))
def test_a_command_that_a_page_names_is_there(part, words) -> None:
    if part not in MAINS:
        assert part.removeprefix("ykt ") in {verb.name for verb in VERBS}
        return
    verb = words.split() if part in STEPS else words.split()[:1]
    with pytest.raises(SystemExit) as ended:
        MAINS[part]([*verb, "--help"])
    assert ended.value.code == 0


def test_every_block_has_a_mark_that_is_told_on_the_page() -> None:
    told = (PAGES / "steps.md").read_text(encoding="utf-8").split("\n## 1", 1)[0]
    for form in {one.form for one in blocks(PAGES / "steps.md")}:
        assert f"`{form}`" in told, form
    assert "```" not in BLOCK.sub("", (PAGES / "steps.md").read_text(encoding="utf-8"))
