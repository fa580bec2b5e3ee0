"""The front as a process that has nothing but its own folder, and what it lets through: whose calls, cookies, pace."""

import asyncio
import json
import shutil
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import Now
from cloud.payments import calls, doors
from cloud.payments.deposits.wakes import Wakes
from cloud.process.settings import load_settings
from cloud.wallet.back.opening import open_people
from cloud.wallet.front.accounts import AccountsLine
from cloud.wallet.front.app import Front
from cloud.wallet.front.doorkeeper import Doorkeeper, Pace
from cloud.wallet.line.calls import LOOK, NOTIFY, NOTIFY_MAX
from cloud.wallet.people.sessions import Way, open_session
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from shared.keys.front_token import OPEN
from shared.keys.webhook_key import WEBHOOK_KEY
from tests.cloud.campus import Campus, campus_now, part
from tests.patience import PATIENCE_S


@dataclass
class Site:
    port: int
    ca: Path
    link: str
    accounts: int
    centre: Path

    def post(self, operation: str, body: bytes = b"{}", port: int = 0, **headers: str) -> tuple[int, dict, dict]:
        sent = {"content-type": "application/json", "x-ykt": "1"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in sent.items() if value}
        asked = urllib.request.Request(f"https://127.0.0.1:{port or self.port}{operation}", body, sent, method="POST")
        context = ssl.create_default_context(cafile=self.ca)
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE_S, context=context) as answer:  # noqa: S310
                return answer.status, dict(answer.headers), json.load(answer)
        except urllib.error.HTTPError as fault:
            with fault:
                body = fault.read()
                return fault.code, dict(fault.headers), json.loads(body) if body.startswith(b"{") else {}


@pytest.fixture(scope="module")
def site(provisioned: Campus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The front's zone is a folder with three files and the token: no ledger, no people, no settings."""
    folder = tmp_path_factory.mktemp("zones")
    campus = provisioned.copy_to(folder / "centre")
    shutil.copytree(provisioned.data / "front", campus.data / "front")
    toml = campus.data / "cloud" / "payments.toml"
    toml.write_text('[wechat]\nkey = "of-another-process.pem"\n')
    toml.chmod(0o600)
    behind, port = free_port(), free_port()
    with Standing(part("accounts", "cloud", "accounts", "--data", campus.data, "--port", behind), folder) as accounts:
        (folder / "zone").mkdir()
        shutil.move(campus.data / "front", folder / "zone" / "front")
        assert sorted(one.name for one in (folder / "zone" / "front").iterdir()) == [
            "ca.pem", "token", "wallet.key", "wallet.pem",
        ]  # fmt: skip
        words = ("--data", folder / "zone", "--port", port, "--accounts", f"https://127.0.0.1:{behind}")
        with Standing(part("wallet", "cloud", "wallet", *words), folder) as front:
            opened = {str(one.readlink()) for one in Path(f"/proc/{front.pid}/fd").iterdir() if one.is_symlink()}
            assert not any(str(campus.data) in name or name.endswith(".db") for name in opened)
            link = accounts.log.read_text().split("link:")[1].split()[0]
            yield Site(port, campus.data / "cloud" / "ca.pem", link, behind, campus.data / "cloud")


@pytest.mark.process
def test_a_call_goes_through_and_its_cookie_is_kept_from_scripts_and_other_sites(site):
    status, headers, _ = site.post("/w/api/sign-in/link", json.dumps({"token": site.link}).encode())
    cookie = headers["set-cookie"]
    assert status == 200
    assert cookie.startswith("__Host-ykt=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    session = cookie.partition(";")[0]
    status, headers, me = site.post("/w/api/me", cookie=session)
    assert (status, len(me["holders"])) == (200, 2)
    assert headers["cache-control"] == "no-store"
    assert "unsafe" not in headers["content-security-policy"]
    assert site.post("/w/api/sign-out", cookie=session)[0] == 200
    status, headers, problem = site.post("/w/api/me", cookie=session)
    assert (status, problem["code"]) == (401, "sign-in")
    assert "Max-Age=0" in headers["set-cookie"]
    assert headers["content-type"] == "application/problem+json"


@pytest.mark.process
@pytest.mark.parametrize(
    "headers",
    [{"x_ykt": ""}, {"content_type": "text/plain"}, {"origin": "https://evil.example"}, {"origin": "null"},
     {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}],
)  # fmt: skip
def test_a_page_of_another_site_asks_for_nothing(site, headers):
    status, _, problem = site.post("/w/api/me", **headers)
    assert (status, problem["code"]) == (403, "not-our-page")


@pytest.mark.process
@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"\xff", b'{"x": NaN}', b"[" * 9000, b'{"x": "\\ud800"}', b'{"\\ud800": 1}', b'{"x": 1, "x": 2}',
     b'{"x": 1e999}', "{}".encode("utf-16")],
)  # fmt: skip
def test_nonsense_is_a_problem(site, body):
    assert site.post("/w/api/me", body)[2].get("code") == "malformed"


@pytest.mark.process
def test_who_is_not_the_front_is_not_heard_behind_it(site):
    assert site.post("/wallet/v1", port=site.accounts)[0] == 401
    assert site.post("/wallet/v1", port=site.accounts, authorization="Bearer x")[0] == 401
    assert site.post("/", port=site.accounts)[0] == 404


@pytest.mark.process
@pytest.mark.parametrize("cookie", ["__Host-ykt=" + "x" * 5000, "__Host-ykt=\x01", "=;=;", '__Host-ykt="'])
def test_a_made_up_cookie_is_nobodys(site, cookie):
    context = ssl.create_default_context(cafile=site.ca)
    head = f"POST /w/api/me HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nContent-Type: application/json\r\nX-Ykt: 1\r\n"
    with (
        socket.create_connection(("127.0.0.1", site.port), PATIENCE_S) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as wire,
    ):
        wire.sendall(f"{head}Cookie: {cookie}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        assert wire.recv(12)[9:] in (b"401", b"400")


def called(site: Site, path: str, body: bytes) -> tuple[int, bytes]:
    """As a provider calls: no header of ours, no cookie."""
    headers = {"Wechatpay-Serial": "7", "Cookie": "x=y", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"https://127.0.0.1:{site.port}{path}", body, headers, method="POST")
    context = ssl.create_default_context(cafile=site.ca)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_S, context=context) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as fault:
        with fault:
            return fault.code, b""


@pytest.mark.process
def test_a_callback_reaches_the_accounts_service_byte_for_byte_and_nothing_else_does(site):
    forged = b'\xff\x00{"trade_state":"SUCCESS"}'
    assert called(site, "/pay/notify/wechat", forged) == (200, b"success")
    (wake,) = Wakes(site.centre).waiting()
    assert (wake.provider, wake.body) == ("wechat", forged)
    assert wake.headers == {"wechatpay-serial": "7", "content-type": "application/json"}
    assert called(site, "/pay/notify/wechat", bytes(NOTIFY_MAX + 1))[0] == 413
    for path in ("/pay/notify/alipay", "/pay/notify/", "/pay/notify/wechat/x", "/pay/notify/" + "a" * 17):
        assert called(site, path, b"{}")[0] == 404, path
    assert site.post(f"/w/api/{NOTIFY}")[2]["code"] == "unknown-operation"
    assert len(Wakes(site.centre).waiting()) == 1


def test_while_the_accounts_service_is_away_a_provider_is_told_to_call_again(provisioned):
    line = AccountsLine(f"https://127.0.0.1:{free_port()}", provisioned.data / "cloud" / "ca.pem", "token")
    said: list[dict] = []

    async def send(message: dict) -> None:
        said.append(message)

    async def receive() -> dict:
        return {"type": "http.request", "body": b"{}"}

    scope = {"type": "http", "path": "/pay/notify/wechat", "method": "POST", "client": ("10.0.0.1", 1), "headers": []}
    asyncio.run(Front(line)(scope, receive, send))
    assert said[0]["status"] == 503


@pytest.mark.process
def test_a_held_phone_is_told_and_no_page_may_look_for_others(site):
    with closing(open_people(site.centre.parent)) as people, people.writing():
        session = open_session(people, 1, "10.0.0.1", "a phone", int(time.time() * 1000), way=Way.KNOWN)
    with closing(open_prepared(load_settings(site.centre.parent).dsn(None))) as ledger, ThreadPoolExecutor(1) as phone:
        ((merchant,),) = ledger.database.run("SELECT merchant FROM device WHERE merchant <> '' LIMIT 1")
        door, now = doors.orders(ledger), Now(int(time.time() * 1000), campus_now())
        token = calls.make_order(door, merchant, "0" * 32, 1, now)["token"]
        body = json.dumps({"token": token, "wait_s": 25}).encode()
        held = phone.submit(site.post, "/w/api/order/held", body, cookie=f"__Host-ykt={session}")
        with pytest.raises(TimeoutError):
            held.result(1)  # it is held
        began_s = time.monotonic()
        calls.close_order(door, merchant, token, now)
        _, _, told = held.result(PATIENCE_S)
        assert (told["state"], told["is_open"]) == ("closed", False)
        assert time.monotonic() - began_s < 20  # and not at the call's own end; how soon it is, bench phones says
    assert site.post(f"/w/api/{LOOK}", b'{"handles": []}')[2]["code"] == "unknown-operation"


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 5)), max_size=60))
def test_no_address_calls_above_its_pace_and_none_is_held_by_another(calls):
    keeper, now, let = Doorkeeper(Pace(3, 0.5)), 0.0, {"a": 0, "b": 0}
    for address, step in calls:
        now += step
        let[address] += not keeper.wait_s(address, now)
        assert all(n <= 3 + 0.5 * now + 1e-6 for n in let.values())
    assert keeper.wait_s("c", now) == 0


def test_nothing_of_the_open_platform_is_made_where_no_front_of_it_asks(site: Site) -> None:
    """A school without one has neither its store, nor a sandbox, nor a key of webhooks."""
    made = {file.name for file in site.centre.iterdir()}
    assert not made & {"open.db", "sandbox.db", WEBHOOK_KEY, OPEN.digest}
    assert not (site.centre.parent / OPEN.folder).exists()
