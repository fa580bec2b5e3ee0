"""Signing in with a second factor and with a passkey, and users, in a real browser."""

import re

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.cloud.console.screen import PASSWORD, Console, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.process]


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("退出")).click()
    expect(page.locator("h1")).to_have_text("登录")


def test_an_authenticators_code_is_asked_for_from_then_on(page: Page, console: Console) -> None:
    sign_in(page, console)
    page.goto(f"{console.address}me/factors")
    page.get_by_role("button", name="启用").click()
    secret = page.locator("code.once").inner_text()
    expect(page.locator("svg.qr")).to_be_visible()
    page.fill("input[name=code]", pyotp.TOTP(secret).now())
    page.get_by_role("button", name="启用").click()
    codes = page.locator(".codes code").all_inner_texts()
    sign_out(page)
    page.fill("input[name=name]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.fill("input[name=code]", codes[0])
    page.get_by_role("button", name="登录").click()
    expect(page.locator("#pill")).to_be_visible()


def test_a_passkey_signs_in_without_a_password(page: Page, console: Console) -> None:
    console = Console(
        console.process, *(one.replace("127.0.0.1", "localhost") for one in (console.address, console.link)), console.ca
    )
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, console)
    page.goto(f"{console.address}me/factors")
    page.fill("input[name=label]", "值班室电脑")
    page.get_by_role("button", name="添加通行密钥").click()
    expect(page.locator("tbody")).to_contain_text("值班室电脑")
    sign_out(page)
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.locator("#pill")).to_be_visible()
    page.goto(f"{console.address}me/factors")
    page.get_by_role("button", name="删除").click()
    expect(page.locator("body")).to_contain_text("还没有")


def test_who_is_invited_sees_his_role_and_no_more(page: Page, console: Console) -> None:
    sign_in(page, console)
    page.get_by_role("link", name="用户").click()
    page.get_by_role("textbox", name="用户名").fill("王芳")
    page.locator("form[action='/people'] select").select_option("canteen")
    page.get_by_role("button", name="邀请用户").click()
    link = page.locator("code.once").inner_text()
    sign_out(page)
    page.goto(link)
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=again]", PASSWORD)
    page.click("button.main")
    menu = page.get_by_role("navigation", name="菜单")
    expect(menu.get_by_role("link", name="设备", exact=True)).to_be_visible()
    expect(menu.get_by_role("link", name="用户")).to_have_count(0)
