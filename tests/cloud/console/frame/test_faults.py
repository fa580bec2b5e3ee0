"""Pages that say no: what happened, and what to do now, in both languages, whoever asks."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from flask import abort

from cloud.console.access.rights import Grant, Role
from cloud.console.words.catalogue import LANGUAGES, words
from cloud.console.words.faults import CODES
from tests.cloud.console.rig import Rig, made, now


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_each_says_what_happened_and_what_to_do(language: str, code: int) -> None:
    told: Mapping[str, str] = words(language)
    assert f"error_{code}" in told
    assert f"error_{code}_do" in told


def test_who_may_not_reads_his_roles_and_who_grants_it(rig: Rig) -> None:
    page = rig.browser("李明", [Grant(Role.DUTY)]).see("/ledger?lang=en", 403)
    assert all(text in page for text in ("<h1>No permission</h1>", "An administrator can grant it", "Your roles"))


def test_what_is_not_there_says_so_and_leads_on(rig: Rig) -> None:
    page = rig.browser().see("/nowhere", 404)
    assert "<h1>没有这个页面</h1>" in page
    assert 'href="/"' in page


def test_a_fault_of_ours_has_a_number_that_the_log_has_too(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.app.view_functions["about"] = lambda: 1 // 0
    rig.app.config["PROPAGATE_EXCEPTIONS"] = False
    page = rig.browser().see("/about", 500)
    number = page.split("<code>")[1].split("</code>")[0]
    assert "<h1>程序出错了</h1>" in page
    assert any(
        number in record.getMessage() and "ZeroDivisionError" in record.getMessage() for record in caplog.records
    )


def test_a_code_that_we_know_has_its_own_words(rig: Rig) -> None:
    rig.app.view_functions["about"] = lambda: abort(409)
    assert "<h1>It has changed</h1>" in rig.browser().see("/about?lang=en", 409)


def test_a_used_link_leads_to_the_sign_in(rig: Rig) -> None:
    rig.browser()
    client = rig.app.test_client()
    page = client.get("/first-login/used").get_data(as_text=True)
    assert "链接已失效" in page
    assert 'href="/login"' in page


def test_an_ended_session_is_told_so_where_it_signs_in_again(rig: Rig) -> None:
    browser = rig.browser()
    for session in rig.sources.accounts.sessions(now(), "admin"):
        rig.sources.accounts.end_session(session.key, "admin")
    assert browser.client.get("/overview").location == "/login"
    assert "登录已过期" in browser.see("/login")


def test_nobody_else_is_told_anything(rig: Rig) -> None:
    assert "登录已过期" not in rig.app.test_client().get("/login").get_data(as_text=True)
