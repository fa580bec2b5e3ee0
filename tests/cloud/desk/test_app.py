"""The desk's centre as a real process: who may ask, what it does with nonsense, and that a kill loses no deed."""

import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from compose.parts.standing import Standing
from compose.servers.ports import free_port
from shared.wire import codec
from shared.wire.desk.calls import ANSWER_MAX, DESK_PATH, CardAsk, DeskOp, No, decode_answer, encode_ask, parse_receipt
from tests.cloud.campus import Campus, part, run_part
from tests.cloud.process.test_health import ask
from tests.cloud.watch.metrics.test_process import health_port
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
KEY = b"k" * 16


@dataclass
class Site:
    campus: Campus
    port: int
    token: str
    centre: Standing

    def post(self, body: bytes, token: str | None = None, path: str = DESK_PATH, method: str = "POST") -> bytes:
        head = {"Authorization": f"Bearer {self.token if token is None else token}"}
        url = f"https://127.0.0.1:{self.port}{path}"
        asked = urllib.request.Request(url, body, head, method=method)  # https, as above
        context = ssl.create_default_context(cafile=self.campus.data / "cloud" / "ca.pem")
        with urllib.request.urlopen(asked, timeout=PATIENCE_S, context=context) as answer:  # noqa: S310  # as above
            return answer.read()

    def ask(self, operation: str, arguments: list, **how):
        return decode_answer(self.post(encode_ask(operation, arguments), **how))

    @property
    def card(self) -> bytes:
        return self.campus.inventory.cards[0].card


@pytest.fixture
def site(campus: Campus, keys_socket: Path, tmp_path: Path) -> Iterator[Site]:
    run_part("cloud", "cashier", "--data", campus.data, "--name", "li")
    token = (campus.data / "cloud" / "cashier-li.token").read_text().strip()
    port = free_port()
    words = ("--data", campus.data, "--keys", keys_socket, "--port", port)
    with Standing(part("desk", "cloud", "desk", *words), tmp_path) as centre:
        yield Site(campus, port, token, centre)


def status(site: Site, *of, **how) -> int:
    with pytest.raises(urllib.error.HTTPError) as fault:
        site.post(*of, **how)
    fault.value.close()
    return fault.value.code


def test_only_a_cashiers_post_is_heard(site):
    good = encode_ask(DeskOp.CARD, CardAsk(site.card, 0, 0).to_list())
    assert isinstance(decode_answer(site.post(good)), list)
    assert status(site, good, token="") == status(site, good, token="x" * 43) == 401
    assert status(site, good, path="/") == status(site, None, method="GET") == 404
    assert status(site, b"x" * (ANSWER_MAX + 1)) == 413
    assert site.token not in site.centre.log.read_text()


def test_it_says_how_it_is_on_loopback(campus: Campus, keys_socket: Path, tmp_path: Path) -> None:
    words = ("--data", campus.data, "--keys", keys_socket, "--port", free_port(), "--health", 0)
    with Standing(part("desk", "cloud", "desk", *words), tmp_path) as centre:
        port = health_port(centre.log)
        assert ask(port, "/healthz") == ask(port, "/readyz") == (200, "ok\n")
        assert "ykt_desk_" in ask(port, "/metrics")[1]


FORGED = [bytes(10), 1, 0, b"rnd4", 70_000, 1, 1, 3, bytes(6), b"mac1"]
"""A counter past 16 bits."""


@pytest.mark.parametrize(
    "body",
    [b"", b"\1", b"nonsense", codec.pack([]), codec.pack([1]), codec.pack(["nobody"]), codec.pack(["card", 1]),
     encode_ask("cash-in", [KEY, b"short", 5]), encode_ask("cash-in", [b"short", bytes(10), 5]),
     encode_ask("unload", [KEY, []]), encode_ask("unload", [KEY, FORGED]), encode_ask("close", [KEY, -1, 0]),
     encode_ask("class", [KEY, bytes(10), 999, ""]), encode_ask("lost", [KEY, 5, ""])],
)  # fmt: skip
def test_nonsense_is_answered_and_changes_nothing(site, body):
    answer = decode_answer(site.post(body))
    assert isinstance(answer, No)
    assert answer.code in ("malformed", "unknown-card")


def test_a_caller_that_never_finishes_keeps_nobody_waiting(site):
    context = ssl.create_default_context(cafile=site.campus.data / "cloud" / "ca.pem")
    raw = socket.create_connection(("127.0.0.1", site.port))
    with raw, context.wrap_socket(raw, server_hostname="127.0.0.1") as slow:
        head = f"POST {DESK_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.token}\r\n"
        slow.sendall(f"{head}Content-Length: 99\r\n\r\n".encode())
        assert site.ask("cash-float", [KEY, 100])


def test_a_killed_centre_does_a_deed_once(site):
    """Killed at once after a deed, again and again: asked anew it is the same receipt, and the numbers have no gap."""
    for n in range(3):
        key = bytes((n,)) * 16
        first = parse_receipt(site.ask(DeskOp.CASH_IN, [key, site.card, 500]))
        site.centre.kill()
        site.centre.start()
        again = parse_receipt(site.ask(DeskOp.CASH_IN, [key, site.card, 500]))
        assert (first.number, again.number, again.again) == (n + 1, n + 1, True)
    run_part("cloud", "verify", "--data", site.campus.data)


def test_a_key_process_that_is_away_is_away_and_nothing_is_granted(site, tmp_path):
    auth = [site.card, 1, 0, b"rnd4", 0, 1, 1, 3, bytes(6), b"mac1"]
    assert site.ask("unload", [KEY, auth]).code == "wrong-mac1"
    site.centre.kill()
    words = ("--data", site.campus.data, "--keys", tmp_path / "none", "--port", site.port)
    with Standing(part("desk-2", "cloud", "desk", *words), tmp_path):
        assert site.ask("unload", [KEY, auth]).code == "away"
        assert parse_receipt(site.ask(DeskOp.CASH_IN, [KEY, site.card, 5])).number == 1
