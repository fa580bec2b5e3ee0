"""Saved views: each his own, so many of them, and addresses of ours alone."""

from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role
from cloud.console.frame.saved import VIEWS_MAX, SavedView, saved_views
from tests.cloud.console.rig import made


def test_a_view_is_its_owners_alone_and_is_forgotten(tmp_path: Path) -> None:
    with made(tmp_path) as rig:
        mine, other = rig.browser(), rig.browser("duty", [Grant(Role.DUTY)])
        mine.send("/views/save", name="掉线 <b>", at="/devices?state=parted")
        assert "掉线 &lt;b&gt;" in mine.see("/devices")
        assert "掉线" not in other.see("/devices")
        mine.send("/views/forget", name="掉线 <b>")
        assert "掉线" not in mine.see("/devices")


@pytest.mark.parametrize("at", ["https://evil.example/", "//evil.example/", "/\\evil.example", "", "javascript:x"])
def test_no_view_leads_to_another_place(tmp_path: Path, at: str) -> None:
    with made(tmp_path) as rig:
        rig.browser().send("/views/save", 400, name="x", at=at)
        assert saved_views(rig.sources.file).of("admin") == []


def test_one_too_many_is_refused_and_one_of_the_same_name_is_replaced(tmp_path: Path) -> None:
    with made(tmp_path) as rig:
        browser = rig.browser()
        for number in range(VIEWS_MAX):
            browser.send("/views/save", name=f"v{number:02}", at="/devices")
        browser.send("/views/save", 409, name="one more", at="/devices")
        browser.send("/views/save", name="v00", at="/overview")
        found = saved_views(rig.sources.file).of("admin")
        assert (len(found), found[0]) == (VIEWS_MAX, SavedView("v00", "/overview"))
