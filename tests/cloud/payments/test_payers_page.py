"""The page on which a person pays an emulated order, callbacks by TLS, and what a provider knows after a restart."""

import http.client
import http.server
import ssl
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

from cloud.emulators.providers.bank import BankEmulator
from cloud.emulators.providers.serving import ProviderServer, keep_known, know_again
from cloud.emulators.providers.trades import Trades
from cloud.emulators.providers.wechat import WeChatEmulator
from provisioning.certificates import authority
from tests.cloud.payments.rig import APPID, MCHID, emulator_keys
from tests.patience import PATIENCE_S

ORDER, FAR_S = "Y1", 4_000_000_000


def asked(server: ProviderServer, method: str, path: str) -> str:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)) as line:
        line.request(method, path)
        return line.getresponse().read().decode()


def served(keep: Path) -> ProviderServer:
    return ProviderServer(WeChatEmulator(Trades(), emulator_keys(), MCHID, APPID), 0, "", keep=keep)


def test_an_order_is_paid_by_a_press_of_its_button_and_is_known_again(tmp_path: Path) -> None:
    keep = tmp_path / "wechat.json"
    with served(keep) as server:
        trades = server.emulator.trades
        trades.make(ORDER, 1_250, FAR_S, 0)
        page = urlsplit(f"{trades.opens}{ORDER}")
        assert page.port == server.port
        shown = asked(server, "GET", page.path)
        assert "¥12.50" in shown
        assert "<button>" in shown
        assert not trades.all[ORDER].txn, "a look pays nothing"
        assert "<button>" not in asked(server, "POST", page.path)
        assert trades.all[ORDER].paid_fen == 1_250
        assert ORDER in asked(server, "GET", "/-/")
        assert "Y2" not in asked(server, "POST", "/-/order/Y2<b>")
    with served(keep) as again:
        assert again.emulator.trades.all == trades.all
        txn = trades.all[ORDER].txn
        again.emulator.trades.make("Y2", 100, FAR_S, 0)
        again.emulator.trades.pay("Y2", trades.all[ORDER].paid_s)
        assert again.emulator.trades.all["Y2"].txn != txn, "no number is given twice"


def test_a_bank_knows_again_what_it_has_done(tmp_path: Path) -> None:
    bank, keep = BankEmulator(Trades()), tmp_path / "bank.json"
    bank.trades.make(ORDER, 100, FAR_S, 0)
    assert bank.trades.pay(ORDER, 1)
    said = keep_known(bank, keep, "")
    other = BankEmulator(Trades())
    assert know_again(other, keep) == said
    assert other.kept() == bank.kept()


def test_callbacks_go_to_a_front_by_tls_and_to_no_stranger(tmp_path: Path) -> None:
    """Of a CA that is not the front's it believes nothing: the callback is lost, as a provider's may be."""
    now, key = datetime.now(UTC), authority.new_key()
    ca, stranger = authority.new_authority("front", now), authority.new_authority("another", now)
    for name, pem in (("ca.pem", authority.certificate_pem(ca)), ("another.pem", authority.certificate_pem(stranger)),
                      ("own.pem", authority.issue_server(ca, key.public_key(), ["127.0.0.1"], now)),
                      ("own.key", authority.private_pem(key))):  # fmt: skip
        (tmp_path / name).write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem", tmp_path / "own.key")
    heard = Event()

    class Front(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.set()
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front) as front:
        front.socket = context.wrap_socket(front.socket, server_side=True)
        Thread(target=front.serve_forever, daemon=True).start()
        place = f"https://127.0.0.1:{front.server_address[1]}/pay/notify/wechat"
        for believed, is_heard in (("another.pem", False), ("ca.pem", True)):
            emulator = WeChatEmulator(Trades(), emulator_keys(), MCHID, APPID)
            server = ProviderServer(emulator, 0, place, ca=tmp_path / believed)
            server._post({}, b"{}")
            server._server.server_close()
            assert (server.calls, heard.is_set()) == (int(is_heard), is_heard)
        front.shutdown()
