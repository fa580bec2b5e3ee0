"""Every route for every role: what was declared is what holds, and a route without a right does not exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import ROLES, Grant, Right, Role, Scope
from cloud.console.frame.page import PAGES, Page, register
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with made(tmp_path_factory.mktemp("rig")) as found:
        yield found


@pytest.fixture(scope="module")
def people(rig: Rig) -> dict[Role, Browser]:
    rig.browser()
    return {role: rig.browser(f"a-{role.value}", [Grant(role)]) for role in Role}


def pages(rig: Rig) -> list[Page]:
    found: list[Page] = rig.app.config[PAGES]
    return [page for page in found if page.right not in (Right.OPEN, Right.SELF)]


def address(page: Page) -> str:
    """With something in each of its places that is not there."""
    return re.sub(r"<\w+:(\w+)>", "1", re.sub(r"<\w+>", "nothing", page.rule))


def test_each_role_gets_what_it_was_given_and_nothing_else(rig: Rig, people: dict[Role, Browser]) -> None:
    wrong = []
    for page in pages(rig):
        path = address(page)
        for role, browser in people.items():
            client = browser.client
            status = (client.post(path, data={}) if page.writes else client.get(path)).status_code
            if (status == 403) != (page.right not in ROLES[role]):
                wrong.append((page.name, role.value, status))
    assert wrong == []


@pytest.mark.parametrize("scope", [Scope(box=c.BOX), Scope(box=c.BOX, merchant="面点"), Scope(group="高一3班")])
def test_no_menu_names_a_page_that_says_no(rig: Rig, scope: Scope) -> None:
    """Whoever has a role for a part of the campus is not led to what is about all of it."""
    wrong = []
    for role in Role:
        browser = rig.browser(f"m-{role.value}-{len(scope.merchant)}-{len(scope.group)}", [Grant(role, scope)])
        page = browser.client.get("/", follow_redirects=True).get_data(as_text=True)
        menu = page.split("<nav", 1)[-1].split("</nav>", 1)[0]
        links = re.findall(r'href="(/[^"?#]*)"', menu)
        wrong += [(role.value, link) for link in links if browser.client.get(link).status_code == 403]
    assert wrong == []


def test_each_route_was_declared(rig: Rig) -> None:
    declared = {page.name for page in rig.app.config[PAGES]} | {"static"}
    assert {rule.endpoint for rule in rig.app.url_map.iter_rules()} == declared


def test_a_name_is_taken_once(rig: Rig) -> None:
    taken = pages(rig)[0]
    with pytest.raises(ValueError, match=taken.name):
        register(rig.app, rig.sources, (taken,))


def test_no_form_goes_without_the_token_of_its_session(rig: Rig, people: dict[Role, Browser]) -> None:
    for page in rig.app.config[PAGES]:
        if page.writes and page.right is not Right.OPEN:
            path = address(page)
            role = next(role for role in Role if page.right in ROLES[role] or page.right is Right.SELF)
            assert people[role].client.post(path, data={"csrf": "wrong"}).status_code == 400, page.name


def test_every_form_of_a_template_carries_it() -> None:
    for template in Path("cloud/console/templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
            is_open = 'action="' not in form or "url_for('try_passkey')" in form
            assert is_open or "csrf" in form, template
