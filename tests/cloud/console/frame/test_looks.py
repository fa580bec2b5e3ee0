"""How pages look is kept for a person, goes with him to any browser, and takes nothing that we have not written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.frame.looks import Looks, looks_of
from cloud.console.pages.people.me import agent_of
from tests.cloud.console.rig import PASSWORD, Rig, made


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def test_it_goes_with_the_person_and_not_with_the_browser(rig: Rig) -> None:
    one = rig.browser()
    one.send("/me/looks", theme="contrast", size="larger")
    assert '<html lang="zh-CN" data-theme="contrast" data-size="larger">' in one.see("/me")
    another = rig.app.test_client()
    another.post("/login", data={"name": "admin", "password": PASSWORD})
    assert 'data-theme="contrast" data-size="larger"' in another.get("/overview").get_data(as_text=True)


def test_the_next_person_at_a_browser_has_his_own(rig: Rig) -> None:
    rig.browser().send("/me/looks", theme="dark", size="large")
    assert "data-theme" not in rig.browser("李明").see("/me")


@pytest.mark.parametrize("cookie", ["", ".", "pink.huge", 'dark".la"rge', "pink.large.x"])
def test_what_we_have_not_written_is_as_we_made_it(cookie: str) -> None:
    assert looks_of(cookie) == Looks()


def test_what_is_written_is_read() -> None:
    assert looks_of(Looks("dark", "large").cookie()) == Looks("dark", "large")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0 Safari/537.36", "Chrome · Windows"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/150.0 Mobile MicroMessenger/8.0", "WeChat · Android"),
        ("curl/8.0", "curl/8.0"),
    ],
)  # fmt: skip
def test_a_browser_is_called_as_people_call_it(said: str, name: str) -> None:
    assert agent_of(said) == name
