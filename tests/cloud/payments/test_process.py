"""Real processes: an emulator of WeChat Pay over HTTP, the process of providers killed by SIGKILL, and the books."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from cloud.commands.opening import wall_now
from cloud.ledger.funds.providers.terms import OrderState
from cloud.ledger.journal.opened import open_prepared
from cloud.payments.deposits.calls import deposit_state, make_deposit
from cloud.payments.deposits.wakes import Wakes
from compose.place import ROOT
from tests.cloud.ledger import campus as c
from tests.cloud.payments.settings import demo_folder
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process


@contextmanager
def part(*words: str) -> Iterator[subprocess.Popen[str]]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    environment = {**os.environ, "YKT_NO_STATUS": "1"}
    process = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, env=environment, **pipes)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ready(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline().strip()
    assert line.startswith("READY"), line
    return line


def ask(port: int, path: str, said: object = None) -> object:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        line.request("POST", path, json.dumps(said or {}))
        return json.loads(line.getresponse().read())


def until(look: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


@contextmanager
def relay(wakes: Wakes) -> Iterator[int]:
    """As the wallet's front does: bytes on, and no look into them."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204 if wakes.wake("wechat", dict(self.headers), body) else 503)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:
            """Writes nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_killed_between_payment_and_posting_it_is_posted_once(tmp_path: Path, campus_file: Path) -> None:
    data = demo_folder(tmp_path)
    books = str(data / "cloud" / "ledger.db")
    shutil.copy(campus_file, books)
    with relay(Wakes(data / "cloud")) as notify, part(
        "cloud.emulators", "wechat", "--data", str(data), "--notify", f"http://127.0.0.1:{notify}/pay/notify/wechat"
    ) as wechat:
        port = int(ready(wechat).rpartition(":")[2])
        with closing(open_prepared(books)) as opened:
            for n in (1, 2):
                make_deposit(opened, c.card(n), 50_00, "wechat", f"k{n}", "家长", wall_now())
            orders = {n: deposit_state(opened, c.card(n), f"k{n}") for n in (1, 2)}
            with part("cloud", "payments", "run", "--data", str(data)) as first:
                ready(first)
                until(lambda: deposit_state(opened, c.card(1), "k1")["state"] == "to-pay")
                until(lambda: deposit_state(opened, c.card(2), "k2")["state"] == "to-pay")
                os.kill(first.pid, signal.SIGKILL)
            assert ask(port, "/-/pay", {"number": orders[1]["order"]}) == {"paid": True}
            ask(port, "/-/mood", {"silent": True})
            assert ask(port, "/-/pay", {"number": orders[2]["order"]}) == {"paid": True}
            with part("cloud", "payments", "run", "--data", str(data)) as second:
                ready(second)
                for n in (1, 2):  # one by its callback, one by asking
                    until(lambda: deposit_state(opened, c.card(n), f"k{n}")["state"] == "posted")  # noqa: B023
            with opened.database.reading():
                rows = opened.database.run("SELECT COUNT(*), SUM(fen) FROM posting WHERE kind = 90")
                assert rows == [(2, 100_00)]
                assert {row[0] for row in opened.database.run("SELECT state FROM deposit_order")} == {OrderState.PAID}
