"""A desk's agent against a real console: paired by a code, a card on its reader read and its PIN given anew."""

import html
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from compose.servers.ports import free_port
from edge.desk.card.upkeep import check_pin, pin_of
from edge.desk.doors.laying import Laying, card_in
from edge.files.memory import read_image
from shared.purse.cos.images import open_card_image
from shared.purse.cos.layout import pin_slot
from shared.slot_file import render_initial
from tests.cloud.campus import ROOT, Campus, make_campus, run_part
from tests.patience import PATIENCE_S
from tests.scenes.test_desk import CARD, Office, _plan

pytestmark = pytest.mark.process
PIN, NEW = "123456", "65432109"
PASSWORD = "a long enough password"
CONSOLE = re.compile(r"READY console (\S+?)/? \S+/first-login/(\S+)")


class Clerk:
    """Somebody who has signed in to a console, without a browser."""

    def __init__(self, data: Path, address: str, link: str) -> None:
        trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=data / "cloud" / "ca.pem"))
        self._open = urllib.request.build_opener(trust, urllib.request.HTTPCookieProcessor(CookieJar())).open
        self.address = address
        self.post(f"/first-login/{link}", password=PASSWORD, again=PASSWORD)

    def get(self, path: str) -> str:
        with self._open(self.address + path, timeout=PATIENCE_S) as answer:
            return html.unescape(answer.read().decode())

    def post(self, path: str, **form: str) -> str:
        found = re.search(r'data-csrf="([^"]+)"', self.get("/login"))
        body = urllib.parse.urlencode({"csrf": found[1] if found else "", **form}).encode()
        with self._open(self.address + path, body, timeout=PATIENCE_S) as answer:
            return html.unescape(answer.read().decode())

    def code(self, name: str) -> str:
        found = re.search(r"<code>([0-9a-f]{16})</code>", self.post("/card-desks/code", name=name))
        assert found
        return found[1]

    def ask(self, desk: int, deed: str, **form: str) -> str:
        """The page when the desk has answered, or a minute is over."""
        page = self.get(f"/card-desks/{desk}")
        form |= {"card": found[1]} if (found := re.search(r'name="card" value="(\w+)"', page)) else {}
        key = re.search(r'name="key" value="(\w+)"', page)
        page = self.post(f"/card-desks/{desk}/ask", key=key[1] if key else "", deed=deed, **form)
        return until(lambda: None if 'http-equiv="refresh"' in page_of(self, desk) else page_of(self, desk))


def page_of(clerk: Clerk, desk: int) -> str:
    return clerk.get(f"/card-desks/{desk}")


def until(found: Callable[[], str | None], within_s: float = PATIENCE_S) -> str:
    end_s = time.monotonic() + within_s
    while (said := found()) is None:
        assert time.monotonic() < end_s
        time.sleep(0.1)
    return said


class Room:
    """A campus, its key process and desk service, a console, and agents."""

    def __init__(self, office: Office, ends: ExitStack) -> None:
        self.office, self._ends = office, ends
        found = None
        argv = ("cloud", "console", "--data", office.data, "--port", free_port())
        self.console, said = ends.enter_context(process(*argv))
        found = CONSOLE.match(said)
        assert found, said
        self.address = found[1]
        self.clerk = Clerk(office.data, found[1], found[2])

    def agent(self, code: str, label: str = CARD, data: Path | None = None) -> subprocess.Popen[str]:
        """Ready; without a code, as it was paired."""
        words = ("--console", self.address, *(("--pair",) if code else ()))
        sockets = ("--desk-keys", self.office.desk_keys)
        where = ("--data", data or self.office.data, "--card", label)
        argv = ("edge.desk", "agent", *where, *words, *sockets)
        agent, said = self._ends.enter_context(process(*argv, typed=f"{code}\n"))
        assert said.startswith("READY agent"), said
        return agent


@contextmanager
def process(*words: object, typed: str = "") -> Iterator[tuple[subprocess.Popen[str], str]]:
    argv = [sys.executable, "-P", "-m", *map(str, words)]
    made = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert made.stdin
    assert made.stdout
    try:
        made.stdin.write(typed)
        made.stdin.flush()
        yield made, made.stdout.readline()
    finally:
        made.kill()
        made.wait()
        made.stdin.close()
        made.stdout.close()


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    made = make_campus(tmp_path_factory.mktemp("agent"), _plan())
    run_part("cloud", "import", "--data", made.data)
    run_part("cloud", "cashier", "--data", made.data, "--name", "王芳")
    return made


@pytest.fixture
def room(campus: Campus, tmp_path: Path) -> Iterator[Room]:
    data = shutil.copytree(campus.data, tmp_path / "campus")
    with Office(data, tmp_path) as office, ExitStack() as ends:
        office.start_keys()
        office.start_centre()
        yield Room(office, ends)


def give_pin(data: Path, label: str) -> None:
    path = data / "cards" / f"{int(label):05d}.card"
    image = open_card_image(read_image(path))
    for stored in image.directories:
        directory = stored.open()
        if directory.purses:
            directory.put(pin_slot(bytes.fromhex(PIN)))
    path.write_bytes(render_initial(image.encode()))


def has_pin(data: Path, label: str, pin: str) -> bool:
    with card_in(Laying(data, label=label)) as card:
        return check_pin(lambda _: None, card, pin_of(pin))


def test_a_card_on_the_desks_reader_is_read_and_its_pin_given_anew(room: Room) -> None:
    data, clerk = room.office.data, room.clerk
    give_pin(data, CARD)
    code = clerk.code("东门")
    room.agent(code)
    assert "应答" in clerk.get("/card-desks")
    page = clerk.ask(1, "read")
    assert f">{CARD}</a>" in page
    assert "相符" in page
    page = clerk.ask(1, "pin-reload", pin=NEW, again=NEW)
    assert "口令已更换" in page
    assert has_pin(data, CARD, NEW)
    assert "口令重装" in clerk.get("/audit")
    assert NEW not in clerk.get("/audit")
    kept = data.rglob("*")
    assert not any(NEW.encode() in one.read_bytes() for one in kept if one.is_file() and one.suffix != ".card")
