"""Pages over real operators and a given snapshot: who gets in, what is shown, in both languages."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from cloud.console.access.accounts import LOCK_S, TRIES_MAX
from cloud.console.access.rights import Grant, Right, Role, Signed
from cloud.console.frame.page import right_of
from cloud.console.frame.sources import Sources
from cloud.console.live.live import View
from cloud.console.pages.home.seen import seen_by
from cloud.console.shell import create_pages, renderer
from cloud.console.words.catalogue import FAMILIES, WORDS, words
from tests.cloud.console.rig import PASSWORD, Rig, made

SNAPSHOT: dict[str, Any] = {
    "stale": False, "at_ms": 1, "demo": True, "campus": "演示校园",
    "figures": {"rate": 1.5, "posted": 3, "spent_fen": 1250, "loads_fen": 5000, "unposted": 0, "oldest_s": 0,
                "boxes_unknown": 0, "suspense": 0, "quarantined": 0, "held": 0, "float_fen": 98750, "subsidy_fen": 1200,
                "pending_fen": 300},
    "ledger": {
        "ok": True, "mark": "ok", "said": "ledger_true", "difference_fen": 0, "unexplained": 0, "explained": 0,
        "checked": 3,
    },
    "boxes": [{"box": "canteen-1", "name": "第一食堂", "mark": "ok", "state": "ok", "unsettled": 0, "cap": 9,
               "accepted": 3, "faults": 0, "heard_s": 1}],
    "terminals": [{"name": "pos-01", "place": "1号窗口", "merchant": "一楼", "link": "can0/1", "mark": "ok",
                   "state": "joined", "box": "canteen-1", "last_seq": 3, "settled": 3, "owes": 0, "open_slots": 0}],
    "records": [{"time": "12:00:00", "terminal": "pos-01", "card": "<0012>", "kind": "purchase", "ride": [],
                 "amount_fen": 1250, "mark": "ok", "verdict": "posted"},
                {"time": "12:01:00", "terminal": "bus-01", "card": "0014", "kind": "composite",
                 "ride": ["下车 2号线 3站 上行", "off, line 2, stop 3, outward"], "amount_fen": 200, "mark": "ok",
                 "verdict": "posted"}],
    "thefts": {"version": 3, "boxes": 2, "count": 1, "waiting": [{"box": "annex", "name": "别馆", "version": 2}],
               "rows": [{"psam": "530300000007", "with_body": True, "since": "2026-07-21 10:00:00", "who": "<王五>",
                         "terminal": "pos-07", "place": "7号窗口"}]},
    "open_loads": {"count": 21, "fen": 105_000, "rows": [
        {"terminal": "load-01", "place": "大厅", "card": "0013", "amount_fen": 5000, "mark": "warn",
         "age": ["1 分 30 秒", "1 min 30 s"],
         "said": ["终端不知是否入卡", "in doubt"], "evidence": [["计数 7", "counter 7"]],
         "will": ["仍为 7 则退回", "still 7: given back"]}]},
    "facts": [{"mark": "bad", "time": "12:00", "code": "terminal-wrong-key",
               "said": ["终端密钥不符", "a wrong key"]}],
}  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path, SNAPSHOT) as found:
        yield found


@pytest.fixture
def sources(rig: Rig) -> Sources:
    return rig.sources


@pytest.fixture
def client(rig: Rig) -> FlaskClient:
    return rig.app.test_client()


def sign_in(client: FlaskClient, sources: Sources) -> None:
    link = sources.accounts.make_link("admin", _now())
    answer = client.post(f"/first-login/{link}", data={"password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 302


def _now() -> int:
    import time

    return int(time.time())


def test_no_route_answers_a_stranger(rig: Rig, client: FlaskClient) -> None:
    for rule in rig.app.url_map.iter_rules():
        if right_of(rig.app, rule.endpoint) is Right.OPEN:
            continue
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answer = client.open(rule.rule, method=method)
        assert answer.status_code == 401 if rule.rule.startswith("/api/") else answer.location == "/login"


def test_a_first_link_works_once(client: FlaskClient, sources: Sources) -> None:
    link = sources.accounts.make_link("admin", _now())
    assert client.get(f"/first-login/{link}").status_code == 200
    answer = client.post(f"/first-login/{link}", data={"password": "short", "again": "short"})
    assert answer.status_code == 400
    answer = client.post(f"/first-login/{link}", data={"password": PASSWORD, "again": PASSWORD})
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert client.post(f"/first-login/{link}", data={"password": PASSWORD, "again": PASSWORD}).status_code == 410


def test_the_overview_shows_what_the_snapshot_says(client: FlaskClient, sources: Sources) -> None:
    sign_in(client, sources)
    page = client.get("/overview").get_data(as_text=True)
    assert "¥12.50" in page
    assert "已平" in page
    assert "&lt;0012&gt;" in page
    assert "乘车 <small>下车 2号线 3站 上行</small>" in page
    english = client.get("/overview?lang=en").get_data(as_text=True)
    assert "In balance" in english
    assert "Ride <small>off, line 2, stop 3, outward</small>" in english
    assert not re.search(r"总览|终端密钥|入账|网关", english.replace("大厅", ""))


def test_an_open_load_is_shown_with_evidence_and_what_will_happen(client: FlaskClient, sources: Sources) -> None:
    sign_in(client, sources)
    page = client.get("/overview").get_data(as_text=True)
    for part in ("未了圈存", "21 · ¥1,050.00", "¥50.00", "1 分 30 秒", "终端不知是否入卡", "计数 7", "仍为 7 则退回"):
        assert part in page
    english = client.get("/overview?lang=en").get_data(as_text=True)
    for part in ("Loads without an end", "in doubt", "counter 7", "still 7: given back"):
        assert part in english


def test_a_theft_is_shown_with_the_boxes_that_do_not_know_of_it(client: FlaskClient, sources: Sources) -> None:
    sign_in(client, sources)
    page = client.get("/overview").get_data(as_text=True)
    for part in ("挂失的 PSAM", "530300000007", "连同机身", "&lt;王五&gt;", "1/2 网关已落盘确认", "未确认: 别馆"):
        assert part in page
    english = client.get("/overview?lang=en").get_data(as_text=True)
    for part in ("Stolen PSAMs", "1/2 boxes hold it durably", "not yet: 别馆", "with its body"):
        assert part in english


def test_login_locks_after_wrong_passwords(client: FlaskClient, sources: Sources) -> None:
    sign_in(client, sources)
    client.delete_cookie("ykt_session")
    for _ in range(TRIES_MAX):
        assert client.post("/login", data={"name": "admin", "password": "wrong"}).status_code == 403
    assert client.post("/login", data={"name": "admin", "password": PASSWORD}).status_code == 429
    assert not sources.accounts.locked("admin", _now() + LOCK_S)
    assert not sources.accounts.check("admin", PASSWORD, _now())
    assert sources.accounts.check("admin", PASSWORD, _now() + LOCK_S)


def test_of_any_number_of_tries_at_once_no_more_are_judged(sources: Sources) -> None:
    sources.accounts.use_link(sources.accounts.make_link("admin", 1), PASSWORD, 2)
    with ThreadPoolExecutor(20) as pool:
        tried = list(pool.map(lambda _: sources.accounts.begin_try("admin", 3), range(20)))
    assert tried.count(True) == TRIES_MAX


def test_logout_needs_its_token_and_kills_the_session(client: FlaskClient, sources: Sources) -> None:
    sign_in(client, sources)
    assert client.post("/logout").status_code == 400
    token = re.search(r'name="csrf" value="([^"]+)"', client.get("/overview").get_data(as_text=True))
    assert token
    cookie = client.get_cookie("ykt_session")
    assert cookie
    assert client.post("/logout", data={"csrf": token[1]}).status_code == 302
    client.set_cookie("ykt_session", cookie.value)
    assert client.get("/overview").location == "/login"


def test_the_machine_token_reads_and_nothing_else(client: FlaskClient) -> None:
    bearer = {"Authorization": "Bearer machine-token"}
    path = "/api/v1/entries?card=00010000000000004711&counter=7"
    assert client.get(path, headers=bearer).json == {"entries": []}
    record = "/api/v1/entries?device=00010000000f&epoch=1&seq=4"
    assert client.get(record, headers=bearer).json == {"entries": []}
    assert client.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/overview", headers=bearer).location == "/login"
    assert client.post("/logout", headers=bearer).location == "/login"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "card=zz&counter=1",
        "card=00&counter=1",
        "card=00010000000000004711&counter=70000",
        "device=00&epoch=1&seq=1",
        "device=00010000000f&epoch=1",
        "device=00010000000f&epoch=1&seq=-1",
        "device=00010000000f&epoch=1&seq=４",
    ],
)
def test_bad_queries_are_refused(client: FlaskClient, query: str) -> None:
    bearer = {"Authorization": "Bearer machine-token"}
    assert client.get(f"/api/v1/entries?{query}", headers=bearer).status_code == 400


def test_nothing_is_kept_by_whoever_carries_it(client: FlaskClient) -> None:
    for path in ("/login", "/nowhere", "/api/v1/overview"):
        assert client.get(path).headers["Cache-Control"] == "no-store"


def shown_in(sources: Sources, snapshot: dict[str, Any], language: str) -> str:
    """The overview's part as the first operator sees it."""
    seen = seen_by(Signed("admin", "", (Grant(Role.ADMIN),)))
    return renderer(create_pages(sources))(snapshot, View(language, seen))


def test_every_key_used_has_both_languages(sources: Sources) -> None:
    root = Path(__file__).parents[3] / "cloud/console/templates"
    used = {key for page in root.rglob("*.html") for key in re.findall(r"\bw\.(\w+)", page.read_text(encoding="utf-8"))}
    assert used <= set(WORDS)
    assert all(text.zh and text.en for text in WORDS.values())
    assert len(WORDS) == sum(len(family.WORDS) for family in FAMILIES)
    assert shown_in(sources, SNAPSHOT, "en") != shown_in(sources, SNAPSHOT, "zh")
    assert words("fr") == words("zh")


def test_a_box_without_tls_stands_above_everything_else(sources: Sources) -> None:
    plain = [{"box": "canteen-1", "name": "第一食堂", "links": ["tcp"]}]
    assert 'id="plain"' not in shown_in(sources, SNAPSHOT, "en")
    for lang, said in (("en", "Terminals without TLS"), ("zh", "终端链路未加密")):
        page = shown_in(sources, {**SNAPSHOT, "plain": plain}, lang)
        assert said in page
        assert page.index("canteen-1") < page.index("tiles")


def test_the_language_is_changed_where_one_is_and_a_link_is_not_lost(client: FlaskClient, sources: Sources) -> None:
    link = sources.accounts.make_link("admin", _now())
    page = client.get(f"/first-login/{link}").get_data(as_text=True)
    (switch,) = re.findall(r'href="(/language/en[^"]*)"', page)
    answer = client.get(switch, follow_redirects=True)
    assert answer.request.path == f"/first-login/{link}"
    assert "First sign-in" in answer.get_data(as_text=True)


@pytest.mark.parametrize("at", ["//evil.example/", "https://evil.example/", "/\\evil.example", "", "x", "/a%0d%0ab"])
def test_no_other_site_is_gone_to_for_a_language(client: FlaskClient, at: str) -> None:
    assert client.get(f"/language/en?at={at}").headers["Location"] == "/"


def test_a_new_password_ends_what_was_signed_in_with_the_old_one(client: FlaskClient, sources: Sources) -> None:
    sign_in(client, sources)
    assert client.get("/overview").status_code == 200
    again = create_pages(sources).test_client()
    sign_in(again, sources)
    assert client.get("/overview").status_code == 302
    assert again.get("/overview").status_code == 200


def test_the_page_that_was_asked_for_is_what_the_sign_in_leads_to(client: FlaskClient, sources: Sources) -> None:
    assert client.get("/devices?box=canteen-1&find=一号").location == "/login"
    link = sources.accounts.make_link("admin", _now())
    answer = client.post(f"/first-login/{link}", data={"password": PASSWORD, "again": PASSWORD})
    asked = client.get(answer.location).request
    assert (asked.path, dict(asked.args)) == ("/devices", {"box": "canteen-1", "find": "一号"})
    client.post("/logout", data={"csrf": "x"})
    client.delete_cookie("ykt_session")
    again = client.post("/login", data={"name": "admin", "password": PASSWORD})
    assert again.location == "/", "it leads there once"


@pytest.mark.parametrize("at", ["//evil.example/", "https://evil.example/", "/%5Cevil.example", "%2F%2Fevil.example"])
def test_a_sign_in_leads_to_no_other_site(client: FlaskClient, sources: Sources, at: str) -> None:
    client.set_cookie("ykt_wanted", at)
    link = sources.accounts.make_link("admin", _now())
    answer = client.post(f"/first-login/{link}", data={"password": PASSWORD, "again": PASSWORD})
    assert answer.location == "/"


def test_what_is_no_page_is_not_gone_back_to(client: FlaskClient) -> None:
    for path, headers in (("/", {}), ("/nowhere", {}), ("/devices", {"Sec-Fetch-Dest": "empty"})):
        answer = client.get(path, headers=headers)
        assert "ykt_wanted" not in answer.headers.get("Set-Cookie", "")
    assert "ykt_wanted" not in client.post("/logout").headers.get("Set-Cookie", "")


def test_what_a_person_has_asked_for_comes_before_what_renews_itself(client: FlaskClient) -> None:
    renewed = {"Cache-Control": "max-age=0"}
    for path, headers, kept in (
        ("/alarms", renewed, "/alarms"), ("/devices", renewed, "/alarms"),
        ("/cards", {"Sec-Fetch-User": "?1"}, "/cards"),
        ("/devices", renewed, "/cards"), ("/people", renewed | {"Sec-Fetch-User": "?1"}, "/people"),
    ):  # fmt: skip
        client.get(path, headers=headers)
        cookie = client.get_cookie("ykt_wanted")
        assert cookie
        assert unquote(cookie.value) == kept


def test_a_link_in_a_mail_asks_once_more_from_a_page_of_ours(client: FlaskClient) -> None:
    page = client.get("/devices?box=a&find=b", headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 200
    assert 'content="0; url=/devices?box=a&amp;find=b"' in page.get_data(as_text=True)
    assert client.get("/devices", headers={"Sec-Fetch-Site": "same-origin"}).location == "/login"
    other = {"PATH_INFO": "//evil.example/", "HTTP_SEC_FETCH_SITE": "cross-site"}
    assert client.get("/x", environ_overrides=other).location == "/login"
