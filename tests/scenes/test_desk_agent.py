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
from typing import TypeVar

import pytest

from compose.servers.ports import free_port
from edge.desk.card.upkeep import check_pin, pin_of
from edge.desk.doors import pairing
from edge.desk.doors.console import ConsoleLine, Revoked
from edge.desk.doors.laying import Laying, card_in
from edge.files.memory import read_image
from shared.errors import ConfigFault
from shared.purse.cos.images import open_card_image
from shared.purse.cos.layout import pin_slot
from shared.records.slot_file import render_initial
from shared.wire.desk.line import Deed, End, Ended, LineOp, Order
from shared.words.voice import Text
from tests.cloud.campus import ROOT, Campus, make_campus, run_part
from tests.patience import PATIENCE_S
from tests.scenes.test_desk import CARD, FRESH, OTHER, Office, _plan

pytestmark = pytest.mark.process
PIN, NEW = "123456", "65432109"
Found = TypeVar("Found")
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
        self.post(f"/card-desks/{desk}/ask", key=key[1] if key else "", deed=deed, **form)
        return until(lambda: None if is_open(page_of(self, desk)) else page_of(self, desk))


def page_of(clerk: Clerk, desk: int) -> str:
    return clerk.get(f"/card-desks/{desk}")


def until(found: Callable[[], Found | None], within_s: float = PATIENCE_S) -> Found:
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


def test_a_code_pairs_once_and_a_token_counts_until_it_is_revoked(room: Room) -> None:
    ca = room.office.data / "cloud" / "ca.pem"
    line = ConsoleLine(room.address, ca)
    assert isinstance(line.ask(LineOp.PAIR, ["0" * 16]), Text)
    code = room.clerk.code("东门")
    agent = room.agent(code)
    assert isinstance(line.ask(LineOp.PAIR, [code]), Text), "used"
    path = kept_in(room.office.data)
    assert path.stat().st_mode & 0o777 == 0o600
    stolen = ConsoleLine(room.address, ca, kept(room).token)
    assert stolen.token not in repr(stolen)
    refused = until(lambda: said if isinstance(said := stolen.ask(LineOp.NEXT), Text) else None)
    assert "另有程序" in refused.zh
    assert stolen.token not in room.clerk.get("/card-desks/1")
    room.clerk.post("/card-desks/1/revoke")
    assert agent.wait(PATIENCE_S) == 2
    with pytest.raises(Revoked):
        stolen.ask(LineOp.NEXT)
    assert "已撤销" in room.clerk.get("/card-desks")


def test_nobody_but_the_campus_authority_vouches_for_a_console(room: Room, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=x", "-keyout", tmp_path / "key"]
    subprocess.run([*made, "-out", other], check=True, capture_output=True)
    assert ConsoleLine(room.address, other).ask(LineOp.PAIR, [room.clerk.code("东门")]) is None
    with pytest.raises(ConfigFault, match="https"):
        ConsoleLine("http://127.0.0.1:1", other).ask(LineOp.NEXT)


def test_each_desk_does_what_it_was_asked_for_and_no_other(room: Room, tmp_path: Path) -> None:
    beside = shutil.copytree(room.office.data, tmp_path / "beside")
    room.agent(room.clerk.code("东门"))
    room.agent(room.clerk.code("西门"), OTHER, beside)
    assert f">{OTHER}</a>" in room.clerk.ask(2, "read")
    assert "还没有读过卡" in page_of(room.clerk, 1)
    assert f">{CARD}</a>" in room.clerk.ask(1, "read")
    page = room.clerk.post("/card-desks/2/ask", key="ab" * 16, deed="pin-unblock", pin=PIN, card=card_of(room, CARD))
    page = until(lambda: None if is_open(page_of(room.clerk, 2)) else page_of(room.clerk, 2))
    assert "另一张卡" in page


def test_an_order_is_handed_out_until_it_is_answered_and_done_once(room: Room) -> None:
    """The agent's line by hand: what it did not hear it hears again, and the first answer stands."""
    ca = room.office.data / "cloud" / "ca.pem"
    paired = ConsoleLine(room.address, ca).ask(LineOp.PAIR, [room.clerk.code("东门")])
    assert isinstance(paired, list)
    line = ConsoleLine(room.address, ca, paired[0])
    form = {"key": "cd" * 16, "deed": "read"}
    room.clerk.post("/card-desks/1/ask", **form)
    room.clerk.post("/card-desks/1/ask", **form)
    (first,), (second,) = line.ask(LineOp.NEXT), line.ask(LineOp.NEXT)
    assert first == second
    assert "正在办" in page_of(room.clerk, 1)
    for end, said in ((End.FAILED, "没有卡"), (End.DONE, "假的")):
        assert line.ask(LineOp.DONE, Ended(first[0], end, (Text(said, said),)).to_list()) == []
    page = page_of(room.clerk, 1)
    assert "没有卡" in page
    assert "假的" not in page
    assert page.count("读卡</td>") == 1


def test_an_agent_that_stopped_in_the_middle_does_nothing_twice(room: Room) -> None:
    data = room.office.data
    give_pin(data, CARD)
    agent = room.agent(room.clerk.code("东门"))
    agent.kill()
    agent.wait()
    key = "ef" * 16
    form = {"key": key, "deed": "pin-reload", "card": card_of(room, CARD), "pin": NEW, "again": NEW}
    room.clerk.post("/card-desks/1/ask", **form)
    kept(room).begun(Order(bytes.fromhex(key), Deed.PIN_RELOAD))
    room.agent("")
    page = until(lambda: None if is_open(page_of(room.clerk, 1)) else page_of(room.clerk, 1))
    assert "结果未知" in page
    assert "中途" in page or "停过" in page
    assert not has_pin(data, CARD, NEW)


def test_a_broken_card_is_replaced_from_the_console(room: Room) -> None:
    office = room.office
    office.desk("draw", "--first", FRESH, "--last", FRESH)
    room.agent(room.clerk.code("东门"))
    room.clerk.ask(1, "read")
    page = room.clerk.ask(1, "replace", new=FRESH, reason="折断")
    assert f"旧卡 {CARD} 作废，新卡 {FRESH}" in page
    assert "永久锁定" in page
    assert "读卡器上的卡" in page
    page = room.clerk.ask(1, "replace", new="9002", reason="折断")
    assert "已办" in page.split("<tbody>")[-1]
    assert "未办" in page
    assert "永久锁定" in office.desk("read", "--card", CARD, code=1)


def test_cash_goes_through_the_account_onto_the_card_and_back(room: Room) -> None:
    office, clerk = room.office, room.clerk
    office.start_field()
    room.agent(clerk.code("东门"))
    before = office.on_card(CARD)
    clerk.ask(1, "read")
    assert "收据 王芳-000001" in clerk.ask(1, "cash-in", yuan="50")
    assert last(clerk.ask(1, "load", yuan="30.00")) == "已办"
    assert office.on_card(CARD) == before + 3_000
    page = clerk.ask(1, "unload", yuan="20")
    assert "已圈提 ¥20.00" in page
    assert office.on_card(CARD) == before + 1_000
    assert last(clerk.ask(1, "cash-out", yuan="999")) == "未办"
    assert "收据 王芳-000003" in clerk.ask(1, "cash-out", yuan="40")
    page = clerk.ask(1, "read")
    assert "相符" in page
    assert "¥50.00" in clerk.get("/audit")
    office.verify()


def last(page: str) -> str:
    """The state of the newest order."""
    found = re.search(r'data-label="状态"><span[^>]*>.</span> (\w+)', page)
    return found[1] if found else ""


def kept_in(data: Path) -> Path:
    (found,) = (data / "terminals").glob(f"*/{pairing.FILE}")
    return found


def kept(room: Room) -> pairing.Paired:
    found = pairing.load(kept_in(room.office.data).parent)
    assert found
    return found


def card_of(room: Room, label: str) -> str:
    return room.office.card(label)


def is_open(page: str) -> bool:
    return 'http-equiv="refresh"' in page
