"""The second factor: asked for once it is on, good once, throttled as a password is, and given back to who lost it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from flask.testing import FlaskClient

from cloud.console.access.accounts import LOCK_S, TRIES_MAX
from cloud.console.access.rights import Grant, Role
from cloud.console.access.totp import STEP_S, recovery_codes, step_of
from tests.cloud.console.rig import PASSWORD, Browser, Rig, made, now

SECRET = "JBSWY3DPEHPK3PXP" * 2
AT = 1_795_844_464


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def turned_on(browser: Browser) -> tuple[str, list[str]]:
    """The secret, and the codes for a lost phone, as the pages show them."""
    page = browser.send("/me/factors/code", 200)
    (secret,) = re.findall(r'<code class="once">(\w+)<', page)
    shown = browser.send("/me/factors/on", 200, code=pyotp.TOTP(secret).at(now()))
    return secret, re.findall(r"<code>([\w-]+)</code>", shown)


def with_password(rig: Rig) -> FlaskClient:
    client = rig.app.test_client()
    assert client.post("/login", data={"name": "admin", "password": PASSWORD}).location == "/login/code"
    return client


def test_a_code_is_good_for_its_step_and_its_neighbours_once() -> None:
    code = pyotp.TOTP(SECRET).at(AT)
    step = step_of(SECRET, code, AT, 0)
    assert step == AT // STEP_S
    assert step_of(SECRET, code, AT + STEP_S, 0) == step
    assert step_of(SECRET, code, AT + 2 * STEP_S, 0) is None
    assert step_of(SECRET, code, AT, step) is None
    assert all(step_of(SECRET, bad, AT, 0) is None for bad in ("", "000000x", "٠٠٠٠٠٠", "1" * 20))


def test_a_password_alone_opens_nothing_any_more(rig: Rig) -> None:
    secret, _ = turned_on(rig.browser())
    client = with_password(rig)
    assert client.get("/overview").location == "/login"
    assert client.post("/login/code", data={"code": "000000"}).status_code == 403
    code = pyotp.TOTP(secret).at(now() + STEP_S)  # good already, and newer than the one that turned it on
    assert client.post("/login/code", data={"code": code}).status_code == 302
    assert client.get("/overview").status_code == 200
    assert with_password(rig).post("/login/code", data={"code": code}).status_code == 403


def test_half_a_sign_in_is_used_once_and_is_not_guessed_at_for_long(rig: Rig) -> None:
    secret, _ = turned_on(rig.browser())
    assert rig.app.test_client().post("/login/code", data={"code": "1"}).location == "/login"
    client = with_password(rig)
    answers = [client.post("/login/code", data={"code": "000000"}).status_code for _ in range(TRIES_MAX + 1)]
    assert answers == [403] * TRIES_MAX + [429]
    right = client.post("/login/code", data={"code": pyotp.TOTP(secret).at(now() + STEP_S)})
    assert right.status_code == 429
    assert rig.sources.accounts.begin_try("admin", now() + LOCK_S)


def test_a_code_for_a_lost_phone_opens_once(rig: Rig) -> None:
    _, codes = turned_on(rig.browser())
    assert len(set(codes)) == len(recovery_codes())
    assert with_password(rig).post("/login/code", data={"code": codes[0].lower()}).status_code == 302
    assert with_password(rig).post("/login/code", data={"code": codes[0]}).status_code == 403


def test_it_is_turned_off_with_the_password_or_by_who_may(rig: Rig) -> None:
    his = rig.browser("李明", [Grant(Role.DUTY)])
    turned_on(his)
    his.send("/me/factors/off", 403, password="wrong")
    rig.browser().send("/people/李明/factors")
    assert not rig.sources.accounts.factors.wants_code("李明")
    turned_on(his)
    his.send("/me/factors/off", password=PASSWORD)
    assert not rig.sources.accounts.factors.wants_code("李明")


@pytest.mark.parametrize(
    "said", ["", "{}", "not json", '{"id": "x"}', '{"id":"AA","rawId":"AA","type":"public-key","response":{}}']
)
def test_what_is_no_passkey_signs_nobody_in(rig: Rig, said: str) -> None:
    rig.browser()
    client = rig.app.test_client()
    assert client.get("/login/passkey").status_code == 200
    assert client.post("/login/passkey", data={"answer": said}).status_code == 403
    assert client.post("/login/passkey", data={"answer": said}).location == "/login"
