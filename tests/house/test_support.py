"""docs/support.md has a row for every check of every doctor, and none for one that is gone: ids are a promise."""

import re
from pathlib import Path

from cloud.commands.watch.support.checks import server_checks
from cloud.commands.watch.support.places import Around as Server
from compose.commands.doctor import launcher_checks
from compose.place import ROOT
from compose.server.doctor import installation_checks
from edge.doctor.checks import Around as Box
from edge.doctor.checks import box_checks
from shared.support.checks import Check
from shared.support.machine import machine_checks

NOWHERE = Path("/nowhere")


def checks() -> list[Check]:
    box = box_checks(Box(NOWHERE, NOWHERE))
    server = server_checks(Server(NOWHERE, None, {}, is_tls=False))
    return [*launcher_checks(NOWHERE), *installation_checks(NOWHERE), *server, *box, *machine_checks(NOWHERE)]


def test_every_check_has_its_row() -> None:
    page = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
    anchors = re.findall(r'<a id="([a-z-]+)"></a>`([a-z-]+)`', page)
    assert all(anchor == name for anchor, name in anchors)
    assert {name for name, _ in anchors} == {check.id for check in checks()}


def test_each_leads_to_a_page_that_is_there() -> None:
    assert [check.id for check in checks() if not (ROOT / check.more).exists()] == []
