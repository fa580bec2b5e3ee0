"""The process: by the page's own commands from a key to a paid order, webhooks on a real wire, and what is no HTTP."""

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from cloud.open.front import app
from cloud.open.line import OPEN_PATH, Asked, ask_call, ask_told, framed, said_of, state_of
from cloud.open.problems import AWAY
from cloud.open.store.deliveries import allow_host
from cloud.open.store.schema import open_store
from cloud.process.bodies import whole_body
from cloud.process.settings import load_settings
from cloud.store.db import open_database
from cloud.wallet.front.accounts import line_of
from cloud.wallet.line.calls import WALLET_PATH
from shared.keys.front_token import OPEN, WALLET
from shared.keys.webhook_key import WEBHOOK_KEY
from tests.cloud.open.platform import Platform, admitted
from tests.cloud.open.receiver import Receiver, receiver
from tests.cloud.open.verify import PAGE, verified
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def shop(platform: Platform) -> Iterator[Receiver]:
    folder = platform.data / "cloud"
    answers = {"/moved": b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/else\r\n\r\n"}
    with receiver(folder / "console.pem", folder / "console.key", answers) as made:
        with closing(open_store(platform.data)) as store, store.writing():
            allow_host(store, "127.0.0.1", "t", 0)
        yield made


def test_the_pages_commands_lead_to_a_paid_order(platform: Platform) -> None:
    """Each curl of the page, as it is written there."""
    commands = re.findall(r"^curl .*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    key = platform.command("app", "add", "--sandbox", "--name", "t", "--scopes", "pay,refund,events")[-1]
    known = {"CA": str(platform.ca), "YKT": f"https://127.0.0.1:{platform.port}", "KEY": key}
    answers = []
    for command in commands:
        done = subprocess.run(
            ("bash", "-c", f"{command} -sS"), capture_output=True, text=True, timeout=PATIENCE_S, check=True, env=known
        )
        answers.append(json.loads(done.stdout))
        known |= {"ORDER": answers[0]["order"]} | ({"PAYMENT": answers[1]["payment"]} if len(answers) > 1 else {})
    assert len(answers) == 5
    assert answers[2]["payments"][0]["captured_fen"] == 1250
    assert answers[3] == {"payment": known["PAYMENT"], "fen": 250}


def test_an_event_reaches_its_receiver_signed_after_a_kill(platform: Platform, shop: Receiver) -> None:
    _, key = admitted(platform)
    assert platform.ask(key, "PUT", "/v1/webhook", {"url": f"https://127.0.0.1:{shop.port}/hook"})[0] == 200
    status, order = platform.ask(key, "POST", "/v1/orders", {"fen": 500}, "o1")
    assert status == 201
    paid = platform.ask(key, "POST", f"/v1/sandbox/orders/{order['order']}/pay", {"fen": 500}, "p1")
    for one in (platform.accounts, platform.standing):
        one.kill()
        one.start()
    assert platform.ask(key, "POST", f"/v1/sandbox/orders/{order['order']}/pay", {"fen": 500}, "p1") == paid
    first = shop.next("/hook")
    told = json.loads(first.body)
    assert (told["type"], told["order"]) == ("payment.authorised", order["order"])
    keys = platform.ask(key, "GET", "/v1/webhook-keys")[1]["keys"]
    assert verified(keys, first.headers, first.body, int(time.time()))
    while (
        json.loads(shop.next("/hook").body)["type"] != "payment.captured"
    ):  # the first one again, if the kill came early
        pass


def test_one_that_hangs_or_leads_elsewhere_holds_up_nobody(platform: Platform, shop: Receiver) -> None:
    apps = {path: admitted(platform) for path in ("/hang", "/moved", "/well")}
    for path, (_, key) in apps.items():
        url = f"https://127.0.0.1:{shop.port}{path}"
        assert platform.ask(key, "PUT", "/v1/webhook", {"url": url})[0] == 200
        assert platform.ask(key, "POST", "/v1/webhook/test")[0] == 202
    assert {shop.next(path).path for path in apps} == set(apps)
    assert platform.ask(apps["/well"][1], "POST", "/v1/webhook/test")[0] == 202
    assert json.loads(shop.next("/well").body)["type"] == "webhook.test"
    patience = time.monotonic() + PATIENCE_S
    while tried(platform, apps["/moved"][0]) != (302, 1):  # a redirect is no answer, and nobody followed it
        assert time.monotonic() < patience
        time.sleep(0.02)


def tried(platform: Platform, app: str) -> tuple[int, int]:
    """Status and tries of its only delivery."""
    with closing(open_store(platform.data)) as store, store.reading():
        return tuple(store.run("SELECT status, tries FROM delivery WHERE app = ?", (app,))[0])


ANSWERED = [
    (b"GET /v1/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 401),
    (b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20000, 413),
    (b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    (b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", None),
    (b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 400),
    (b"GET /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer x\r\n\r\n", 400),
    (b"GET /v1/orders HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nConnection: close\r\n\r\n", None),
    (b"GET /v1/orders HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n", 400),
    (b"GET / HTTP/9.9\r\n\r\n", None),
    (b"\x16\x03\x01", None),
]


@pytest.mark.parametrize(("request_", "status"), ANSWERED)
def test_what_is_no_request_of_ours_is_refused(platform: Platform, request_: bytes, status: int | None) -> None:
    said = platform.raw(request_ if status else request_ + b"\r\n\r\n")
    found = int(said.split()[1]) if said else 0
    assert found in ((status,) if status else (0, 400, 401, 501, 505)), said[:200]
    if found in (401, 413):
        assert b"application/problem+json" in said


def test_a_body_that_does_not_come_is_given_up_and_nothing_was_asked(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the door itself: nobody behind it waits for a sender. Its time is as said, here a shorter one."""
    monkeypatch.setattr(app, "whole_body", partial(whole_body, within_s=0.05))
    line, said = line_of("https://127.0.0.1:1", platform.data / OPEN.folder), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    async def ask() -> None:
        door = app.Front(line, platform.ca)
        scope = {"type": "http", "client": ("127.0.0.1", 1), "method": "POST", "path": "/v1/orders"}
        await door(scope | {"query_string": b"", "headers": []}, receive, send)
        assert door.counts.away == 0
        await door.end()

    asyncio.run(ask())
    assert (said[0]["status"], json.loads(said[1]["body"])["code"]) == (408, "too-slow")
    assert (b"connection", b"close") in said[0]["headers"]


def test_a_front_that_was_broken_into_asks_as_nobody_and_tells_nothing_that_was_not(platform: Platform) -> None:
    """By its own token, at its own path alone; without an application's key no call is anybody's, and a delivery that
    is none changes none."""
    call = ask_call(Asked("GET", "/v1/orders", "", [], b""))
    assert said_of(platform.ask_behind(OPEN, OPEN_PATH, call)[1]).status == 401
    assert platform.ask_behind(WALLET, OPEN_PATH, call)[0] == platform.ask_behind(OPEN, WALLET_PATH, call)[0] == 401
    number, key = admitted(platform)
    assert platform.ask(key, "PUT", "/v1/webhook", {"url": "https://203.0.113.1/never"})[0] == 200
    assert platform.ask(key, "POST", "/v1/webhook/test")[0] == 202
    with closing(open_store(platform.data)) as store, store.reading():
        ((event,),) = store.run("SELECT event FROM delivery WHERE app = ?", (number,))
    invented = (event, number, 0, 7, 1, 0, "", 1)
    assert state_of(platform.ask_behind(OPEN, OPEN_PATH, ask_told(invented, 200, ""))[1]) == "waits"
    for lie in (b"", b"{}\n", b"[]\n", framed({"do": "told", "delivery": [{}], "status": 1, "fault": ""})):
        assert platform.ask_behind(OPEN, OPEN_PATH, lie)[0] == 400


def test_without_the_accounts_service_a_call_is_told_so_and_goes_on_behind_its_next_start(platform: Platform) -> None:
    """Nor is its front ready, which says why once: here behind a start without the key of webhooks, which was dealt."""
    _, key = admitted(platform)
    made = platform.ask(key, "POST", "/v1/orders", {"fen": 700}, "away")
    platform.accounts.kill()
    status, problem = platform.ask(key, "POST", "/v1/orders", {"fen": 700}, "away")
    assert (status, problem["code"]) == (503, AWAY.code)
    signer, kept = platform.data / "cloud" / WEBHOOK_KEY, platform.folder / "kept.key"
    seed = signer.read_bytes()
    signer.unlink()
    signer.symlink_to(kept)
    platform.accounts.start()
    assert platform.ask(key, "POST", "/v1/orders", {"fen": 700}, "away")[0] == 503
    await_ready(platform, "waits for accounts")
    patience = time.monotonic() + PATIENCE_S
    while platform.standing.log.read_text().count("accounts: 503") != 1:
        assert time.monotonic() < patience
        time.sleep(0.02)
    kept.write_bytes(seed)
    await_ready(platform, "ok")
    assert platform.ask(key, "POST", "/v1/orders", {"fen": 700}, "away") == made


def await_ready(platform: Platform, said: str) -> None:
    """Its next turns tell."""
    patience = time.monotonic() + PATIENCE_S
    while platform.ready() != said:
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_nothing_secret_is_in_log_or_store(platform: Platform) -> None:
    number, key = admitted(platform)
    assert platform.ask(key, "GET", f"/v1/orders?key={key}")[1]["code"] == "key-in-url"
    assert platform.ask(key, "GET", "/v1/orders")[0] == 200
    new = platform.command("app", "rotate", "--app", number, "--overlap", "0")[-1]
    assert (platform.ask(key, "GET", "/v1/orders")[0], platform.ask(new, "GET", "/v1/orders")[0]) == (401, 200)
    platform.command("app", "revoke", "--app", number)
    assert platform.ask(new, "GET", "/v1/orders")[0] == 401
    kept = [platform.standing.log, platform.accounts.log, *(platform.data / "cloud").glob("open.db*")]
    for secret in (key, new):
        assert all(secret.encode() not in file.read_bytes() for file in kept)
        assert all(secret.split("_", 3)[3].encode() not in file.read_bytes() for file in kept)


def test_terminals_of_its_merchant_alone_and_nothing_that_nobody_said(platform: Platform) -> None:
    ledger = open_database(load_settings(platform.data).books(None))
    with ledger.reading():
        rows = ledger.run("SELECT merchant, name FROM device WHERE merchant <> '' ORDER BY merchant, name")
    ledger.close()
    merchant = rows[0][0]
    _, key = admitted(platform, merchant)
    items = platform.ask(key, "GET", "/v1/devices")[1]["items"]
    assert [one["name"] for one in items] == [name for of, name in rows if of == merchant]
    assert {one["said_ms"] for one in items} == {None}
