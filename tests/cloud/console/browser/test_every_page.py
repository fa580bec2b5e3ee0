"""What holds of every page of the menu: no fault that axe-core finds, no sideways scroll at 320 px, one language, the
same parts for who hears it, nothing asked elsewhere; the address alone brings a page back, a stream comes back."""

import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from provisioning.plan.demo import demo_plan
from tests.cloud.console.browser.heard import changed, heard
from tests.cloud.console.conftest import started
from tests.cloud.console.screen import Console, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.process]
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],  # what passes is not told element by element: some megabytes a page
}
CHINESE = re.compile("[\u4e00-\u9fff]+")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NO_PAGE = re.compile(r"^/(static|language|logout)|\.(csv|xlsx|json|svg)$")
OURS = {"中文"}
"""Chinese on an English page that belongs there: the switch to it."""


def test_every_page_is_free_of_faults_and_fits_a_small_screen(page: Page, console: Console) -> None:
    strangers: list[str] = []
    page.on("request", lambda one: strangers.append(one.url) if not one.url.startswith(console.address) else None)
    sign_in(page, console)
    expect(page.locator("#pill")).to_have_class(re.compile("live"))
    found, said = [], {}
    for path in menu(page):
        found += faults(page, console, path)
        said[path] = heard(page)
    assert found == []
    assert strangers == []
    assert changed(said) == {}, "KEEP_HEARD=1 keeps what is heard of these pages now"


def test_an_english_page_has_no_chinese_but_the_campus_own_names(page: Page, console: Console) -> None:
    sign_in(page, console)
    paths = menu(page)
    page.goto(f"{console.address}language/en")
    names = set(CHINESE.findall(json.dumps(demo_plan(), ensure_ascii=False))) | OURS
    found = {}
    for path in paths:
        page.goto(console.address.rstrip("/") + path)
        said = page.locator("body").inner_text()
        for name in sorted(names, key=len, reverse=True):
            said = said.replace(name, "")
        if left := CHINESE.findall(said):
            found[path] = left
    assert found == {}


def test_back_reload_and_a_second_tab_show_the_same_list(page: Page, console: Console) -> None:
    sign_in(page, console)
    page.goto(f"{console.address}devices?sort=place&down=1")
    first = page.locator("tbody tr").first.inner_text()
    page.goto(f"{console.address}overview")
    page.go_back()
    assert page.locator("tbody tr").first.inner_text() == first
    page.reload()
    assert page.locator("tbody tr").first.inner_text() == first
    other = page.context.new_page()
    other.goto(page.url)
    assert other.locator("tbody tr").first.inner_text() == first
    for tab in (page, other):
        expect(tab.locator("#pill")).to_have_class(re.compile("live"))


def test_a_server_that_comes_back_is_heard_again_without_a_reload(page: Page, console: Console) -> None:
    sign_in(page, console)
    expect(page.locator("#pill")).to_have_class(re.compile("live"))
    page.evaluate("window.same = true")
    console.process.kill()
    console.process.wait()
    as_of = page.locator("[data-as-of]").inner_text()
    with started(console):
        expect(page.locator("[data-as-of]")).not_to_have_text(as_of)
        expect(page.locator("#pill")).to_have_class(re.compile("live"))
        assert page.evaluate("window.same")


def test_keys_go_through_a_list_and_to_pages_and_can_be_switched_off(page: Page, console: Console) -> None:
    sign_in(page, console)
    page.goto(f"{console.address}devices")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tbody tr").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("tbody tr").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("go j")
    expect(page.locator("#q")).to_have_value("go j")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.locator("#keys-off").check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("#help").click()
    page.locator("#keys-off").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/overview")


def test_a_view_is_saved_under_a_name_and_found_in_the_menu(page: Page, console: Console) -> None:
    sign_in(page, console)
    page.goto(f"{console.address}devices?state=joined")
    page.get_by_role("link", name="保存当前视图").click()
    page.fill("input[name=name]", "在网的")
    page.get_by_role("button", name="保存", exact=True).click()
    page.goto(f"{console.address}overview")
    page.get_by_role("link", name="在网的").click()
    page.wait_for_url("**/devices?state=joined")


@pytest.mark.large
def test_no_page_has_a_fault_in_any_colours_language_or_width(browser: Browser, console: Console) -> None:
    found: list[Any] = []
    with signed_in(browser, console) as page:
        paths = reached(page, console)
        for language, width in product(("zh", "en"), (360, 1440)):
            page.goto(f"{console.address}language/{language}")
            page.set_viewport_size({"width": width, "height": 900})
            for path in paths:
                page.goto(console.address.rstrip("/") + path)
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    found += [(language, scheme, width, path, *one) for one in violations(page)]
    assert found == []


class signed_in:  # noqa: N801 - a context manager
    """A page of its own."""

    def __init__(self, browser: Browser, console: Console) -> None:
        self._context = browser.new_context(ignore_https_errors=True)
        self._console = console

    def __enter__(self) -> Page:
        page = self._context.new_page()
        sign_in(page, self._console)
        return page

    def __exit__(self, *_: object) -> None:
        self._context.close()


def menu(page: Page) -> list[str]:
    """Addresses of its pages."""
    return [str(one.get_attribute("href")) for one in page.locator("nav.menu li a").all()]


def reached(page: Page, console: Console) -> list[str]:
    """Those of the menu, and the first of each kind that a page of the menu leads to."""
    found = {kind(path): path for path in menu(page)}
    for path in menu(page):
        page.goto(console.address.rstrip("/") + path)
        for link in page.locator("main a").all():
            there = str(link.get_attribute("href")).split("?")[0].split("#")[0]
            if there.startswith("/") and not NO_PAGE.search(there):
                found.setdefault(kind(there), there)
    return [*found.values()]


def kind(path: str) -> str:
    """What addresses of one page have in common."""
    return re.sub(r"[0-9a-f]{12,}|\d+|[a-z]+-[a-z]+/[a-z]+:.*|:[^/]*$", "*", path)


def faults(page: Page, console: Console, path: str) -> Iterator[tuple[str, ...]]:
    """Of one page."""
    answer = page.goto(console.address.rstrip("/") + path)
    if answer is None or not answer.ok:
        yield path, "answers", str(answer and answer.status)
    for one in violations(page):
        yield (path, *one)
    page.set_viewport_size({"width": 320, "height": 700})
    if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
        yield path, "sideways", str(width)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def violations(page: Page) -> Iterator[tuple[str, str]]:
    """What axe-core finds."""
    for one in Axe().run(page, options=RULES).response["violations"]:
        yield one["id"], str(one["nodes"][0]["target"])
