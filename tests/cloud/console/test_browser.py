"""The console as a person sees it: a real process, a real browser, HTTPS, one-time link, live page, staleness."""

import json
import re
import signal
import socket
import ssl
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from cloud.console.live.seats import SeatBounds
from provisioning.plan.demo import demo_plan
from tests.cloud.console.screen import PASSWORD, Console, sign_in
from tests.patience import PATIENCE_S

BOXES = demo_plan()["boxes"]
ROWS = len(BOXES)
"""Of the page: one for each box, while nothing was sold."""
pytestmark = [pytest.mark.browser, pytest.mark.process]


def test_from_the_link_to_the_live_page_in_both_languages(page: Page, console: Console) -> None:
    sign_in(page, console)
    expect(page.locator("#pill")).to_have_class(re.compile("live"))
    expect(page.locator("body")).to_contain_text("账本检查")
    expect(page.locator("body")).to_contain_text("已平")
    expect(page.locator("body")).to_contain_text("演示校园")
    expect(page.locator("tbody tr")).to_have_count(ROWS)
    page.click("text=English")
    expect(page.locator("body")).to_contain_text("In balance")
    page.click("text=Sign out")
    expect(page.locator("h1")).to_have_text("Sign in")
    page.fill("input[name=name]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.click("button.main")
    expect(page.locator("#pill")).to_have_class(re.compile("live"))


def test_a_dead_stream_is_said_and_the_figures_are_greyed(page: Page, console: Console) -> None:
    page.clock.install()
    sign_in(page, console)
    expect(page.locator("#pill")).to_have_class(re.compile("live"))
    console.process.send_signal(signal.SIGKILL)
    console.process.wait()
    page.clock.fast_forward(16_000)
    expect(page.locator("#pill")).to_have_class(re.compile("cut"))
    expect(page.locator("#cut")).to_be_visible()
    expect(page.locator("#live")).to_have_class(re.compile("grey"))


def test_a_page_without_a_seat_polls_and_one_that_was_signed_out_goes_to_the_sign_in(
    page: Page, console: Console
) -> None:
    sign_in(page, console)
    expect(page.locator("#pill")).to_have_class(re.compile("live"))
    page.goto("about:blank")
    (cookie,) = [one for one in page.context.cookies() if one.get("name") == "ykt_session"]
    with ExitStack() as stack:
        for _ in range(SeatBounds().of_session):
            watch(console, stack, f"Cookie: ykt_session={cookie.get('value')}")
        page.goto(console.address)
        as_of = page.locator("[data-as-of]").inner_text()
        expect(page.locator("[data-as-of]")).not_to_have_text(as_of)
        expect(page.locator("#pill")).to_have_class(re.compile("live"))
        other = page.context.new_page()
        other.goto(console.address)
        other.click("text=退出")
        page.wait_for_url("**/login")


def watch(console: Console, stack: ExitStack, cookie: str) -> None:
    """Take a seat at the stream; one that a page has just left is free a moment later."""
    until_s, answered = time.monotonic() + PATIENCE_S, b""
    while not answered.endswith(b"200"):
        assert time.monotonic() < until_s, answered
        plain = socket.create_connection(("127.0.0.1", urlsplit(console.address).port or 0), 20.0)
        context = ssl.create_default_context(cafile=console.ca)
        caller = stack.enter_context(context.wrap_socket(plain, server_hostname="127.0.0.1"))
        caller.sendall(f"GET /events HTTP/1.1\r\nHost: x\r\n{cookie}\r\n\r\n".encode())
        answered = caller.recv(12)


def test_nothing_leaves_the_origin(page: Page, console: Console) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, console)
    expect(page.locator("#pill")).to_have_class(re.compile("live"))
    assert asked
    assert all(url.startswith(console.address) for url in asked)


def test_a_phone_scrolls_no_page_sideways(page: Page, console: Console) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    sign_in(page, console)
    expect(page.locator("#pill")).to_have_class(re.compile("live"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_ordered_end_closes_open_streams(page: Page, console: Console) -> None:
    sign_in(page, console)
    expect(page.locator("#pill")).to_have_class(re.compile("live"))
    console.process.send_signal(signal.SIGTERM)
    assert console.process.wait(timeout=PATIENCE_S) == 0
    assert console.process.stdout
    last = [line for line in console.process.stdout.read().splitlines() if line.startswith("STATUS ")][-1]
    assert json.loads(last.removeprefix("STATUS "))["stale"] is False
