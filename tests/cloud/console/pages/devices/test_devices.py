"""The list of devices: what one may see of it, found, sorted and taken home."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def test_a_terminal_of_a_box_that_was_never_heard_is_unknown(rig: Rig) -> None:
    page = rig.browser().see("/devices")
    assert "pos-01" in page
    assert "● 已入网" not in page
    assert page.count("未知") > page.count("<tr><td>")


def test_whoever_sees_one_canteen_finds_its_terminals_alone(rig: Rig) -> None:
    everything = rig.browser().see("/devices")
    mine = rig.browser("王芳", [Grant(Role.CANTEEN, Scope(box=c.OTHER_BOX))]).see("/devices")
    assert (c.BOX in everything, c.OTHER_BOX in everything) == (True, True)
    assert (c.BOX in mine, c.OTHER_BOX in mine) == (False, True)


def test_what_is_asked_stands_in_the_address_and_goes_home_as_it_is_seen(rig: Rig) -> None:
    browser = rig.browser()
    assert "没有符合的" in browser.see("/devices?find=nowhere")
    lines = browser.see(f"/devices.csv?box={c.OTHER_BOX}").splitlines()
    assert lines[0].startswith("\ufeff终端,")
    assert all(c.OTHER_BOX in line for line in lines[1:])
    assert len(lines) > 1


def test_who_may_not_see_it_is_told_so(rig: Rig) -> None:
    assert "没有权限" in rig.browser("李明", [Grant(Role.AID)]).see("/devices", 403)
