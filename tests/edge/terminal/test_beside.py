"""What stands beside an interactive counter: the console's read API, and the processes it may find and kill."""

import asyncio
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from edge.terminal.counter.entries import WAIT_S, Console, entries_of, entry_line, queries_of
from edge.terminal.station import running
from edge.terminal.store.book import Row
from shared.ids import CardId, DeviceId
from shared.records import Kind, Pair
from shared.words.voice import Language, speak
from tests.patience import PATIENCE_S

CARD = CardId(bytes.fromhex("53030000000000000666"))
DEVICE = DeviceId(bytes.fromhex("00010000000f"))
ROW = Row(1, 4, Kind.PURCHASE, CARD, 6, 1250, 0)


@pytest.fixture
def api():
    """A console that knows one entry from the third question on, if the token is right."""
    asked = []

    class Api(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.headers["Authorization"] != "Bearer secret":
                self.send_error(401)
                return
            entries = [{"amount_fen": 1250}] if len(asked) > 2 else []
            body = json.dumps({"entries": entries}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_entry_is_asked_for_until_it_is_there(api):
    url, asked = api
    assert asyncio.run(entries_of(Console(url, "secret"), DEVICE, ROW)) == [{"amount_fen": 1250}]
    assert asked == ["/api/v1/entries?device=00010000000f&epoch=1&seq=4"] * 3


@pytest.mark.parametrize("kind", [Kind.LOAD, Kind.VOID])
def test_of_the_number_of_a_load_or_void_the_entries_of_purchases_are_none_of_ours(api, kind):
    url, asked = api
    assert asyncio.run(entries_of(Console(url, "secret"), DEVICE, ROW._replace(kind=kind))) == []
    assert len(asked) > 3


@pytest.mark.parametrize("console", [Console("http://127.0.0.1:9", "secret"), None])
def test_without_an_answer_the_counter_goes_on(api, console):
    url, _ = api
    loop_s = asyncio.run(timed(console or Console(url, "wrong")))
    assert loop_s < WAIT_S + 2


def entry(kind):
    return {"entry": 9, "kind": kind, "postings": [{"debit": "a", "credit": "b", "fen": 1250}],
            "record": {"counter": 6, "verdict": "posted"}}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "queries"),
    [
        (ROW, ["device=00010000000f&epoch=1&seq=4"]),
        (ROW._replace(kind=Kind.VOID), [f"card={CARD.hex()}&counter=6"]),
        (ROW._replace(pair=Pair.SECOND), [f"device=00010000000f&epoch=1&seq={seq}" for seq in (3, 4)]),
        (ROW._replace(kind=Kind.LOAD), [f"card={CARD.hex()}&counter=6"]),
    ],
)
def test_a_record_is_asked_for_by_its_number_and_a_load_or_void_by_the_counter(row, queries):
    assert list(queries_of(DEVICE, row)) == queries


def test_an_entry_is_told_in_words():
    assert entry_line(entry("purchase")) == "账本分录 9：消费 · 卡计数 6 · a → b ¥12.50"
    speak(Language.EN)
    assert entry_line(entry("purchase")) == "ledger entry 9: purchase · card counter 6 · a → b ¥12.50"


async def timed(console):
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await entries_of(console, DEVICE, ROW) == []
    return loop.time() - began


def test_the_token_is_no_part_of_a_repr():
    assert "secret" not in repr(Console("http://x", "secret"))


def test_processes_are_found_by_data_folder_and_box_only(tmp_path):
    words = ("-m", "edge", "run", "--data", str(tmp_path), "--box", "b-1", "--tcp-port", "4711")
    sleeper = (sys.executable, "-c", "print(flush=True); import time; time.sleep(60)", *words)
    process = subprocess.Popen(sleeper, stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        found = running.edge_of(tmp_path, "b-1")
        assert (found.pid, found.option("--tcp-port"), found.option("--none")) == (process.pid, "4711", "")
        assert running.edge_of(tmp_path, "b-2") is None
        assert running.edge_of(tmp_path / "other", "b-1") is None
        assert running.console_of(tmp_path) is None
        assert running.kill(found)
        assert process.wait(PATIENCE_S) == -9
        assert not running.kill(found)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
