"""The wallet on a phone: real processes, a real browser; without a network, with a new version, at 320 px, and axe."""

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from cloud.commands.opening import wall_now
from cloud.keys.client import KeyClient
from cloud.ledger.funds.providers.orders import in_state, step
from cloud.ledger.funds.providers.terms import OrderState
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from cloud.payments import doors
from cloud.process.settings import load_settings
from cloud.store.db import open_database
from cloud.wallet.back.opening import open_people
from cloud.wallet.front.files import FOLDER, load_files
from cloud.wallet.people.demonstration import PARENT
from cloud.wallet.people.passwords import hashed
from cloud.wallet.people.persons import add_person, person_with_holder, set_password
from cloud.wallet.people.roster import holder_of
from cloud.wallet.people.sessions import make_link
from cloud.wallet.settings import FILE as BINDING_FILE
from compose.parts.part import Part
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from shared.fleet.document import DocumentKind
from shared.keys.document_key import newest_key
from shared.keys.offline_code import code_of_digits, is_certified_phone, is_signed_use
from shared.wire import codec
from shared.words.voice import Text
from tests.cloud.campus import PHONES, Campus, campus_now, part
from tests.cloud.console.screen import CHROMIUM, QUIET, reach
from tests.cloud.ledger.phones import RULE
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.process]
ONLINE = ".balance[data-name=online]"
OFFLINE, LEFT = "[data-name=offline]", "[data-name=offline] [data-name=left]"
FIRST_LOAD_MAX = 60_000
CHAT_APP = "https://open.weixin.example/connect/oauth2/authorize"
OFFERED = f"""[wechat]
key = "of-another-process.pem"
appid = "wx0000000000000001"
ways = ["code", "phone", "inside"]
authorize = "{CHAT_APP}"
"""
GROWN = "2026000003"
"""Of the demonstration: of age, and nobody's ward."""
WECHAT = (
    "Mozilla/5.0 (Linux; Android 10; V1962A Build/QP1A.190711.020; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/86.0.4240.99 XWEB/4317 MMWEBSDK/20220903 Mobile Safari/537.36 "
    "MicroMessenger/8.0.28.2240 Language/zh_CN"
)
LACKING = """
for (const name of ["Notification", "PushManager", "PublicKeyCredential", "localStorage", "caches", "indexedDB"])
  Object.defineProperty(window, name, { get: () => { if (name === "localStorage") throw new DOMException("no"); } });
Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined });
"""
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SEEN = "[{ rawValue: 'https://pay/?t=0f' }]"
READS_CODES = f"void (globalThis.BarcodeDetector = class {{ async detect() {{ return {SEEN}; }} }})"
"""As browsers of phones have it; Chromium on Linux has none."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass
class Wallet:
    accounts: Standing
    front: Standing
    front_words: tuple[str, ...]
    address: str
    link: str


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_S * 1000)  # a context's own timeout is not that of what is expected
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *CAMERA])
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        ignore_https_errors=True, locale="zh-CN", viewport={"width": 320, "height": 640}, has_touch=True
    )
    context.set_default_timeout(PATIENCE_S * 1000)
    yield context.new_page()
    context.close()


@pytest.fixture
def wallet(campus: Campus, provisioned: Campus, keys_socket: Path, tmp_path: Path) -> Iterator[Wallet]:
    (campus.data / "front").symlink_to(provisioned.data / "front")
    toml = campus.data / "cloud" / "payments.toml"
    toml.write_text(OFFERED)
    toml.chmod(0o600)
    (campus.data / "cloud" / BINDING_FILE).write_text('binding = "letter"\n')
    behind, port = free_port(), free_port()
    keys = keys_socket.with_name(PHONES)
    words = ("--data", campus.data, "--port", behind, "--address", f"https://localhost:{port}", "--keys", keys)
    with Standing(part("accounts", "cloud", "accounts", *words), tmp_path) as accounts:
        words = ("--data", campus.data, "--port", port, "--accounts", f"https://127.0.0.1:{behind}")
        with Standing(part("wallet", "cloud", "wallet", *words), tmp_path) as front:
            token = accounts.log.read_text().split("link:")[1].split()[0]
            address = f"https://127.0.0.1:{port}/"
            yield Wallet(accounts, front, tuple(map(str, words)), address, f"{address}#link={token}")


def faults(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    return [f"{one['id']}: {node['html'][:120]}" for one in found.response["violations"] for node in one["nodes"]]


def test_a_parent_sees_signs_out_and_looks_without_a_network(page: Page, wallet: Wallet) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
    reach(page, wallet.link)
    expect(page.locator(ONLINE)).to_be_visible()
    assert "link=" not in page.url
    for name in ("messages", "deposit", "statement", "lost", "more", "home"):
        page.click(f'nav a[href="#{name}"]')
        expect(page.locator(f'nav a[href="#{name}"]')).to_have_attribute("aria-current", "page")
        if name == "statement":
            expect(page.locator("ol.entries summary small").first, "a row says when").not_to_be_empty()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        assert faults(page) == [], name
    further = {
        "pay": "form[data-name=order]", "split": ".balance[data-name=splitOnline]",
        "privacy": "[data-name=words]", "data": "[data-name=erasure]",
        "apps": "[data-name=apps]", "limits": "[data-name=day]",
    }  # fmt: skip
    for name, shown in further.items():
        page.click('nav a[href="#more"]')
        page.click(f'.links a[href="#{name}"]')
        expect(page.locator(shown).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        assert faults(page) == [], name
    page.click('nav a[href="#home"]')
    expect(page.locator(ONLINE)).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    expect(page.locator(ONLINE)).to_be_visible()
    page.context.set_offline(True)
    page.reload()
    expect(page.locator(ONLINE)).to_be_visible()
    expect(page.locator("#stale")).to_be_visible()
    page.context.set_offline(False)
    page.click("text=English")
    expect(page.locator("h2").first).to_have_text("On the card")
    page.click('nav a[href="#more"]')
    page.context.set_offline(True)
    page.click("text=Sign out")
    expect(page.locator("main .problem"), "and whoever has this phone next").to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("h1"), "is nobody").to_have_text("Sign in")
    page.click("[data-name=firstTime] summary")
    expect(page.locator("[data-name=firstTime] input[name=letter]")).to_be_visible()
    assert faults(page) == []
    assert page.evaluate("Object.keys(localStorage).filter((one) => one.startsWith('wallet.kept')).length") == 0
    assert all(url.startswith(wallet.address) for url in asked)
    assert refused == []


def test_a_parent_tops_up_once_however_often_it_is_asked(page: Page, wallet: Wallet, campus: Campus) -> None:
    reach(page, wallet.link)
    page.click('nav a[href="#deposit"]')
    page.fill("input[name=yuan]", "0.5")
    page.click("form[data-name=new] button")
    expect(page.locator("form[data-name=new] .problem")).to_contain_text("¥1.00")
    page.fill("input[name=yuan]", "12.5")
    page.route("**/w/api/deposit/new", lambda route: route.fulfill(status=502, body="<h1>of a proxy"), times=1)
    page.dblclick("form[data-name=new] button")
    order = page.locator("[data-name=order]")
    expect(order).to_have_attribute("data-state", "made")
    expect(order).to_contain_text("¥12.50")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.reload()
    expect(order).to_have_attribute("data-state", "made")
    with closing(open_database(load_settings(campus.data).dsn(None))) as db, db.reading():
        assert db.run("SELECT fen, provider FROM deposit_order") == [(12_50, "wechat")]
    _reaches_its_provider(campus, "weixin://wxpay/bizpayurl?pr=ab12CD34e")
    expect(page.locator("img[data-name=qr]")).to_be_visible()
    page.wait_for_function("document.querySelector('img[data-name=qr]').naturalWidth > 200")
    assert faults(page) == []


def test_inside_the_chat_app_it_is_paid_by_its_own_bridge(
    browser: Browser, wallet: Wallet, campus: Campus
) -> None:
    context = browser.new_context(ignore_https_errors=True, locale="zh-CN", user_agent=WECHAT)
    context.set_default_timeout(PATIENCE_S * 1000)
    page = context.new_page()
    page.add_init_script("window.WeixinJSBridge = { invoke: (...said) => { window.asked = said.slice(0, 2); } }")
    page.route(f"{CHAT_APP}**", _sent_back)
    reach(page, wallet.link)
    page.click('nav a[href="#deposit"]')
    page.click("form[data-name=new] button")
    expect(page.locator("[data-name=order]")).to_have_attribute("data-state", "made")
    assert urlsplit(page.url).query == ""
    with closing(open_database(load_settings(campus.data).dsn(None))) as db, db.reading():
        assert db.run("SELECT way, opener FROM deposit_order") == [("inside", "code:C0DE")]
    given = {"appId": "wx0000000000000001", "package": "prepay_id=wx7"}
    _reaches_its_provider(campus, json.dumps(given))
    page.click("[data-name=order] button.main")
    assert page.evaluate("window.asked") == ["getBrandWCPayRequest", given]
    context.close()


def _sent_back(route: Route) -> None:
    """As WeChat does with who is its user."""
    given = parse_qs(urlsplit(route.request.url).query)
    query = urlencode({"code": "C0DE", "state": given["state"][0]})
    route.fulfill(status=302, headers={"Location": f"{given['redirect_uri'][0]}?{query}"})


def _reaches_its_provider(campus: Campus, pay: str) -> None:
    """As the process of providers keeps what a payer opens."""
    books = open_prepared(load_settings(campus.data).dsn(None), lazily=True)
    with closing(books), books.writing(wall_now()) as writing:
        (order,) = in_state(writing.db, OrderState.MADE, 2)
        step(writing, order._replace(state=int(OrderState.SENT), pay=pay), codec.dumps([pay]))


def test_it_works_in_a_chat_apps_browser(browser: Browser, wallet: Wallet) -> None:
    """As WeChat's on an older phone: no service worker, no notifications, no passkeys, nothing kept by scripts."""
    context = browser.new_context(
        ignore_https_errors=True, locale="zh-CN", viewport={"width": 360, "height": 640}, has_touch=True,
        service_workers="block", user_agent=WECHAT,
    )  # fmt: skip
    context.add_init_script(LACKING)
    context.set_default_timeout(PATIENCE_S * 1000)
    page, faulted = context.new_page(), []
    page.on("pageerror", lambda fault: faulted.append(str(fault)))
    reach(page, wallet.link)
    expect(page.locator(ONLINE)).to_be_visible()
    page.reload()
    expect(page.locator(ONLINE)).to_be_visible()
    for name in ("messages", "deposit", "statement", "lost", "more"):
        page.click(f'nav a[href="#{name}"]')
        expect(page.locator(f'nav a[href="#{name}"]')).to_have_attribute("aria-current", "page")
    page.click('nav a[href="#deposit"]')
    page.fill("input[name=yuan]", "20")
    page.click("main button.main")
    expect(page.locator("[data-name=order]")).to_have_attribute("data-state", re.compile("made|to-pay"))
    kept = context.cookies()
    assert [(one["name"], one["httpOnly"], one["secure"], one["sameSite"]) for one in kept] == [
        ("__Host-ykt", True, True, "Strict")
    ]
    assert faulted == []
    context.close()


def test_a_card_is_reported_lost_and_found_by_a_parent(page: Page, wallet: Wallet) -> None:
    reach(page, wallet.link)
    page.click('nav a[href="#lost"]')
    page.click("form[data-name=report] button")
    expect(page.locator(".state.lost")).to_be_visible()
    expect(page.locator("[data-name=spread]")).to_contain_text("台终端")
    page.click("form[data-name=cancel] button")
    expect(page.locator("form[data-name=report]")).to_be_visible()


def test_a_holder_shows_a_code_and_without_a_network_hears_why_not(page: Page, wallet: Wallet, campus: Campus) -> None:
    page.goto(f"{wallet.address}#link={own_link(campus, GROWN)}")
    expect(page.locator(ONLINE)).to_be_visible()
    page.click('nav a[href="#code"]')
    expect(page.locator(".figures")).to_have_text(re.compile(r"^71\d\d( \d{4}){3} \d\d$"))
    expect(page.locator("svg.qr")).to_be_visible()
    expect(page.locator("svg.bars")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert faults(page) == []
    page.evaluate("document.documentElement.setAttribute('data-elder', '')")
    figures, menu = page.locator(".figures").bounding_box(), page.locator("nav").bounding_box()
    assert figures
    assert menu
    assert figures["y"] + figures["height"] <= menu["y"], "large letters hide no figures"
    page.evaluate(READS_CODES)
    page.goto(f"{wallet.address}#pay")
    page.click(".pay button:has-text('扫一扫')")
    expect(page.locator(".pay .problem").first).to_contain_text("不是商户的付款码")  # the camera's, and not another's
    page.context.set_offline(True)
    page.click('nav a[href="#home"]')
    expect(page.locator(ONLINE)).to_be_visible()
    page.click('nav a[href="#code"]')
    expect(page.locator(".code .problem")).to_contain_text("付款码要连网")


def test_a_phone_shows_offline_codes_without_a_network(
    page: Page, wallet: Wallet, campus: Campus, keys_socket: Path
) -> None:
    with closing(open_prepared(load_settings(campus.data).dsn(None))) as opened:
        doors.offline(opened, None).set_rule(RULE, "李", "", now())
        Ledger(opened).deposit(campus.inventory.cards[2].card, 100_00, "k", now())
    page.goto(f"{wallet.address}#link={own_link(campus, GROWN)}")
    expect(page.locator(ONLINE)).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.click('nav a[href="#more"]')
    page.click('.links a[href="#offline"]')
    page.click("form[data-name=offlineStart] button")
    expect(page.locator(LEFT)).to_have_text("还可用 2 次，共 2 次")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert faults(page) == []
    page.context.set_offline(True)
    page.reload()
    page.click('nav a[href="#code"]')
    page.click(f"{OFFLINE} button")
    expect(page.locator("svg.qr")).to_be_visible()
    expect(page.locator(LEFT)).to_have_text("还可用 1 次，共 2 次")
    assert faults(page) == []
    kept = page.evaluate(KEPT)
    code = code_of_digits(kept["shown"]["digits"])
    phone = code.certificate.phone
    with KeyClient(keys_socket) as keys:
        assert is_certified_phone(code.certificate, newest_key(keys.document_keys(), DocumentKind.WALLETS).public)
    assert is_signed_use(phone.public, phone.number, code.use, code.signature)
    assert (kept["used"], code.use.use) == (1, 1)
    assert abs(code.use.made_s - now().campus_s) < 120
    page.reload()
    expect(page.locator("svg.qr")).to_be_visible()
    assert page.evaluate(KEPT) == kept, "a page that was loaded again shows the same code, and uses up nothing"
    page.context.set_offline(False)
    with closing(open_people(campus.data)) as people, people.writing():
        people.run("DELETE FROM session")
    page.reload()
    expect(page.locator("#said")).to_have_text("已退出登录，本机的脱机付款码已删除")
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    page.goto(f"{wallet.address}#link={own_link(campus, GROWN)}")
    expect(page.locator(ONLINE)).to_be_visible()
    page.goto(f"{wallet.address}#offline")
    page.click("form[data-name=offlineStart] button")
    expect(page.locator(LEFT)).to_be_visible()
    page.click('nav a[href="#lost"]')
    page.click("form[data-name=report] button")
    expect(page.locator(".state.lost")).to_be_visible()
    page.goto(f"{wallet.address}#offline")
    expect(page.locator("main .problem").first).to_have_text("卡已挂失或换卡")
    assert page.evaluate(KEPT)["certificate"] is None


KEPT = """() => new Promise((done) => { const opening = indexedDB.open("wallet.phone");
opening.onsuccess = () => { const asking = opening.result.transaction("phone").objectStore("phone").getAll();
asking.onsuccess = () => { opening.result.close(); done(JSON.parse(JSON.stringify(asking.result[0]))); }; }; })"""
"""What the phone keeps for its only holder; of its keys JSON tells nothing."""


def now() -> Now:
    return Now(int(time.time() * 1000), campus_now())


def own_link(campus: Campus, number: str) -> str:
    """As `cloud people link --number` makes it."""
    now_ms = int(time.time() * 1000)
    with closing(open_people(campus.data)) as people, people.writing():
        holder = holder_of(people, number)
        assert holder is not None
        person = person_with_holder(people, number) or add_person(people, "", holder.name, number, now_ms)
        return make_link(people, person.id, now_ms)


def test_a_passkey_signs_in_without_a_number_or_a_password(page: Page, wallet: Wallet) -> None:
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(wallet.link.replace("127.0.0.1", "localhost"))
    expect(page.locator(ONLINE)).to_be_visible()
    page.goto(f"{wallet.address.replace('127.0.0.1', 'localhost')}#more")
    page.fill("form[data-name=addPasskey] input", "妈妈的手机")
    page.click("form[data-name=addPasskey] button")
    expect(page.locator("[data-name=passkeys]")).to_contain_text("妈妈的手机")
    page.context.clear_cookies()
    page.reload()
    page.click("form[data-name=byPasskey] button")
    expect(page.locator("[data-name=way]").first).to_have_text("凭通行密钥登录")
    page.click("[data-name=passkeys] button")
    expect(page.locator("[data-name=passkeys] li")).to_have_count(0)


def test_without_the_accounts_service_it_says_so_and_shows_what_it_has(page: Page, wallet: Wallet) -> None:
    reach(page, wallet.link)
    expect(page.locator(ONLINE)).to_be_visible()
    wallet.accounts.kill()
    page.reload()
    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator(ONLINE)).to_be_visible()


def test_a_new_version_waits_until_its_reader_wants_it(page: Page, wallet: Wallet, tmp_path: Path) -> None:
    reach(page, wallet.link)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    expect(page.locator(ONLINE)).to_be_visible()
    wallet.front.kill()
    with Standing(newer(wallet, tmp_path), tmp_path):
        update_and_take(page)


def newer(wallet: Wallet, tmp_path: Path) -> Part:
    """The front with other files, at the same place."""
    files = tmp_path / "static"
    shutil.copytree(FOLDER, files)
    (files / "wallet.css").write_text("body { margin: 0 }")
    program = (
        "from pathlib import Path; from cloud.wallet.front import app, files; "
        f"files.load_files.__defaults__ = (Path({str(files)!r}),); app.main({list(wallet.front_words)!r})"
    )
    return Part("newer", (sys.executable, "-c", program))


def update_and_take(page: Page) -> None:
    kept = page.evaluate("caches.keys()")
    page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => true)")
    page.click("#said button")
    page.wait_for_function("(old) => caches.keys().then((now) => now.length === 1 && now[0] !== old[0])", arg=kept)
    expect(page.locator(ONLINE)).to_be_visible()


def test_the_first_load_is_small() -> None:
    """gzip, as it is sent; brotli is smaller still."""
    sent = {path: len(file.packed) for path, file in load_files().items()}
    assert sum(sent.values()) <= FIRST_LOAD_MAX, json.dumps(sent)
    lines = [line for path in FOLDER.rglob("*.js") for line in path.read_text().splitlines()]
    assert [line for line in lines if line.count("`") % 2] == [], "a text over a line's end would lose its indentation"


def test_a_shared_terminal_forgets_who_walks_away_and_a_teacher_sees_his_class(
    page: Page, wallet: Wallet, campus: Campus
) -> None:
    group = str(Text("演练一班", "Demo Class 1").zh)
    with closing(open_people(campus.data)) as people, people.writing():
        ((name,),) = people.run("SELECT name FROM holder WHERE number = ?", (GROWN,))
        person = add_person(people, "", name, GROWN, 0)
        set_password(people, person.id, hashed("a good password"))
        people.upsert("roster_teacher", "class, phone, name", "class, phone", [(group, PARENT.phone, "Wang")])
    page.clock.install()
    page.goto(f"{wallet.address}kiosk")
    assert faults(page) == []
    assert page.locator("form[data-name=byPassword], [data-name=sso], [data-name=byCode]").count() == 0
    page.route("**/w/api/lost-night", lambda route: route.fulfill(status=503, body=""))
    page.click("[data-name=lostNight] summary")
    for field, value in (("number", GROWN), ("name", name), ("born", "2008-09-16")):
        page.fill(f"form[data-name=night] input[name={field}]", value)
    page.click("form[data-name=night] button")
    expect(page.locator("form[data-name=night] .problem")).to_contain_text("可能没有挂失")
    expect(page.locator("[data-name=lostNight]")).to_contain_text("班主任")
    page.fill("form[data-name=byNumber] input[name=number]", GROWN)
    page.fill("form[data-name=byNumber] input[name=password]", "a good password")
    page.click("form[data-name=byNumber] button")
    expect(page.locator(ONLINE)).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter((one) => one.startsWith('wallet.kept')).length") == 0
    with closing(open_prepared(load_settings(campus.data).dsn(None))) as opened:
        doors.offline(opened, None).set_rule(RULE, "李", "", now())
    page.evaluate("location.hash = 'offline'")
    expect(page.locator("main .problem")).to_contain_text("自己手机")
    assert page.locator("form[data-name=offlineStart]").count() == 0, "no key on what many share"
    page.click('nav a[href="#home"]')
    expect(page.locator(ONLINE)).to_be_visible()
    page.clock.fast_forward(30_000)  # a busy machine adds to it what it takes itself
    expect(page.locator(ONLINE)).to_be_visible()
    page.clock.fast_forward(30_000)
    expect(page.locator("form[data-name=byNumber]")).to_be_visible()
    page.reload()
    expect(page.locator("form[data-name=byNumber]")).to_be_visible()
    reach(page, wallet.link)
    page.click('nav a[href="#class"]')
    pupil = page.locator(f"li[data-number='{GROWN}']")
    expect(pupil).to_contain_text(name)
    pupil.locator("summary").click()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    pupil.locator("form[data-name=report] button").click()
    expect(pupil.locator(".state.lost")).to_be_visible()
    assert "¥" not in page.locator("main").inner_text()
