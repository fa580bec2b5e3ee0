"""The wallet of a scene: accounts service, front, a payment provider as a peer; persons with a phone, or at a kiosk."""

import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from compose.servers.ports import free_port
from tests.cloud.campus import part
from tests.scenes.campus import Campus
from tests.scenes.meals import ADA, BEN
from tests.scenes.plans import STRANGER, command

CHILD, ROOMMATE = (ADA, "林一", "2014-05-01"), (BEN, "赵二", "2014-06-02")
FATHER, TEACHER = "13000000002", "13000000009"
PASSWORD = "a good password"
CALL_S = 15.0
_NO_CHECK = ssl.create_default_context()
_NO_CHECK.check_hostname, _NO_CHECK.verify_mode = False, ssl.CERT_NONE


class Wallet:
    """Use as `async with`, beside an open campus. Parts: accounts, wallet; with a provider: wechat, payments."""

    def __init__(self, campus: Campus, *, provider: bool = False) -> None:
        self._campus, self._provider, self._doors = campus, provider, ExitStack()
        self.port, self._emulator = free_port(), free_port()
        behind = free_port()
        data = ("--data", campus.data)
        campus.parts["accounts"] = part("accounts", "cloud", "accounts", *data, "--port", behind)
        words = (*data, "--port", self.port, "--accounts", f"https://127.0.0.1:{behind}")
        campus.parts["wallet"] = part("wallet", "cloud", "wallet", *words)
        if provider:
            campus.parts["payments"] = part("payments", "cloud", "payments", "run", *data)

    async def __aenter__(self) -> Self:
        """The school's list is taken, and all is there."""
        enrol(self._campus)
        if self._provider:
            notify = self._doors.enter_context(_notifying(self.port))
            words = ("--data", self._campus.data, "--port", self._emulator, "--notify", notify)
            self._campus.parts["wechat"] = part("wechat", "cloud.emulators", "wechat", *words)
        for name in ("wechat", "accounts", "wallet", "payments"):
            if name in self._campus.parts:
                await self._campus.start(name)
        return self

    async def __aexit__(self, *_: object) -> None:
        """The provider calls nobody any more."""
        self._doors.close()

    def person(self, *who: str) -> "Person":
        """Who has shown at the card desk who he is, and got a link. who: words of `cloud people link`."""
        said = command("cloud", "people", "link", *who, "--data", self._campus.data)
        person = Person(self.port)
        assert person.ask("sign-in/link", token=said.rpartition("link=")[2].strip()) == {}
        return person

    def pay(self, number: str) -> None:
        """The parent pays this order at the provider."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._emulator, timeout=CALL_S)) as line:
            line.request("POST", "/-/pay", json.dumps({"number": number}))
            assert json.loads(line.getresponse().read()) == {"paid": True}


class Person:
    """A phone, or a browser at a kiosk: its cookie, and what it is answered."""

    def __init__(self, port: int) -> None:
        self._port, self._cookie = port, ""

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The value; the code of a refusal."""
        headers = {"content-type": "application/json", "x-ykt": "1", "cookie": self._cookie, "user-agent": "a phone"}
        with closing(http.client.HTTPSConnection("127.0.0.1", self._port, timeout=CALL_S, context=_NO_CHECK)) as line:
            line.request("POST", f"/w/api/{operation}", json.dumps(arguments), headers)
            answer = line.getresponse()
            said = json.loads(answer.read())
        if cookie := answer.getheader("set-cookie"):
            self._cookie = cookie.partition(";")[0]
        return said if answer.status == 200 else said["code"]


async def deposit(campus: Campus, wallet: Wallet, parent: Person, fen: int, bound_s: float) -> None:
    """By the parent's phone, through the front and the provider, until it is posted."""
    key = "ab" * 16
    order = parent.ask("deposit/new", holder=CHILD[0], key=key, channel="wechat", fen=fen)["order"]

    def state() -> str:
        return str(parent.ask("deposit/state", holder=CHILD[0], key=key)["state"])

    await campus.until("the provider has the order", lambda: state() == "to-pay")
    wallet.pay(order)
    await campus.until("it is posted", lambda: state() == "posted", bound_s)


def enrol(campus: Campus) -> None:
    """One list for meals and wallet: a child with the card that nobody uses, and his roommate without one."""
    rows = [
        f"{','.join(CHILD)},一班,{STRANGER},林父 {FATHER},王老师 {TEACHER}",
        f"{','.join(ROOMMATE)},一班,,,王老师 {TEACHER}",
    ]
    file = campus.room / "people.csv"
    file.write_text("number,name,born,class,card,guardians,teacher\n" + "\n".join(rows) + "\n", encoding="utf-8")
    words = ("--file", file, "--who", "李主管", "--data", campus.data)
    assert "新增 2" in command("cloud", "people", "enrol", *words)
    command("cloud", "people", "enrol", *words, "--apply")


@contextmanager
def _notifying(port: int) -> Iterator[str]:
    """Where an emulated provider calls back without TLS: on to the wallet's own door, as raw bytes."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=CALL_S, context=_NO_CHECK)) as line:
                line.request("POST", self.path, body, dict(self.headers))
                self.send_response(line.getresponse().status)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:
            """Writes nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/pay/notify/wechat"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
