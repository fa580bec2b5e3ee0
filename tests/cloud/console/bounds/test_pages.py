"""Every page of the console, over a small campus and over a larger one: what it asks of databases, and how large it is.

A page asks at most QUESTIONS_MAX of each file (ledger, watch, the console's own, docking), whatever stands in them: a
question a row shows as a page that asks more where there is more. What the frame asks for each page (the session, its
rights, saved views, alarms that call) is counted with it. Pages that are above it today stand in ABOVE with what they
ask at most, so that they only come down.
"""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from cloud.console.access.rights import Grant, Right, Role
from cloud.console.frame.clock import today
from cloud.console.frame.page import PAGES, Page
from shared.clocks.clock import day_text
from tests.cloud.console.bounds import stocked
from tests.cloud.console.bounds.counted import counting
from tests.cloud.console.rig import Rig, made
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c

SIZES = 4, 12
QUESTIONS_MAX = 12
ABOVE = {
    "/overview": 13, "/setup": 13, "/morning": 22, "/alarms/terminal-silent/": 13, "/devices/0": 28, "/parameters": 17,
    "/parameters/0": 13, "/parameters/pushes/": 22, "/ledger/records/": 18, "/ledger/accounts/": 15, "/loss/": 18,
    "/exposure": 20, "/api/v1/exposure": 20, "/channels": 13, "/cards/1": 42, "/api/v1/cards/1": 24,
    "/cards/10010000202600000001/story": 46, "/aid/card/": 21, "/services": 26, "/metrics-view": 27,
}  # fmt: skip
"""Beginning of an address → the most that it asks of a file. Most are of one thing in many parts; the last two
share what they have read for seconds (`system/once.py`)."""
ALIKE_MAX = 1
"""Two questions may be the same on the small campus, and are asked once there; a question a row makes eight more."""
NODES_MAX = 3_000
CARD, TILL = c.card(1).hex(), stocked.body(0).hex()
NAMED: dict[str, Callable[[str], list[str]]] = {
    "ledger_account": lambda _: ["merchant:一楼大伙", f"purse:{CARD}"],
    "ledger_entry": lambda _: ["20"],
    "ledger_record": lambda _: [f"{c.POS.hex()}/1/1"],
    "person": lambda _: ["person-1"],
    "alarm": lambda _: [f"terminal-silent/terminal:{TILL}"],
    "device": lambda _: [TILL, c.POS.hex()],
    "order": lambda order: [order],
    "card_desk": lambda _: ["1"],
    "parameter_difference": lambda _: [c.POS.hex()],
    **dict.fromkeys(
        (
            "alarm_link",
            "push",
            "job",
            "job_csv",
            "rollout",
            "rollout_csv",
            "box_rollout",
            "box_rollout_csv",
            "plan",
            "plan_edit",
            "aid_batch",
        ),
        lambda _: ["1"],
    ),
    **dict.fromkeys(
        ("loss_spread", "card", "card_story", "api_split", "statement_csv", "aid_person"), lambda _: [CARD]
    ),
    "plan_drawing": lambda _: ["1/drawing/1"],
    "morning_signature": lambda _: [day_text(today())],
    "closing_day": lambda _: [day_text(today() - 1)],
}
"""What stands in the addresses of pages of one thing; taken: the number of an order that is chosen."""
SHARED = {"/services", "/setup", "/api/v1/status"}
"""What they show is read by one request and shown to others for some seconds: which of them asks is chance."""
ASKED = {"lane_order": "?lane=hall-000/can0"}
"""What stands behind the address of pages that must be asked for something."""
NOT_HERE = {"application", "app_payments", "docked", "parameter_draft", "metrics_csv", "api_entries"}
"""Pages of one thing that this campus has not, or that want to be asked for something."""
NODE = re.compile(rb"<[a-z]")


class Seen(NamedTuple):
    """A page as it was answered. asked: questions by file. nodes: its elements."""

    asked: Counter[str]
    nodes: int


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Seen]]:
    """Of each size every address."""
    return [_looked_at(tmp_path_factory.mktemp("stocked"), n) for n in SIZES]


def _looked_at(folder: Path, n: int) -> dict[str, Seen]:
    signer = Signer()
    with counting() as asked, made(folder, signer=signer) as rig:
        browser = rig.browser()
        order = stocked.stock(rig, browser, signer, n)
        rig.sources.accounts.set_grants("admin", [Grant(Role.ADMIN), Grant(Role.AID)])
        stocked.hear(rig, n)
        found = {}
        for path in addresses(rig, order):
            asked.clear()
            answer = browser.client.get(path)
            assert answer.status_code in (200, 302), (path, answer.status_code)
            found[path.replace(order, "ORDER")] = Seen(Counter(asked), len(NODE.findall(answer.get_data())))
        return found


def addresses(rig: Rig, order: str) -> list[str]:
    """All that one can look at who has signed in, with things of this campus in their places."""
    found: list[Page] = rig.app.config[PAGES]
    looked = [one for one in found if not one.writes and one.right is not Right.OPEN and one.name not in NOT_HERE]
    return [path for page in looked for path in _filled(page, order)]


def _filled(page: Page, order: str) -> list[str]:
    rule = page.rule.replace("<form>", "csv").replace("<name>.csv", "suspense.csv")
    if "<" not in rule:
        return [rule + ASKED.get(page.name, "")]
    assert page.name in NAMED, f"{page.name}: name what stands in its address"
    head, tail = rule[: rule.index("<")], rule[rule.rindex(">") + 1 :]
    return [f"{head}{one}{tail}" for one in NAMED[page.name](order)]


def test_no_page_asks_more_than_so_much_of_a_file(seen: list[dict[str, Seen]]) -> None:
    most = {path: dict(one.asked) for each in seen for path, one in each.items() if _is_above(path, one.asked)}
    assert most == {}


def _is_above(path: str, asked: Counter[str]) -> bool:
    found = max((start for start in ABOVE if path.startswith(start)), key=len, default="")
    return max(asked.values(), default=0) > ABOVE.get(found, QUESTIONS_MAX)


def test_where_there_is_more_no_page_asks_more(seen: list[dict[str, Seen]]) -> None:
    few, many = seen
    assert few.keys() == many.keys()
    more = {
        path: (dict(few[path].asked), dict(many[path].asked))
        for path in few
        if (many[path].asked - few[path].asked).total() > ALIKE_MAX and path not in SHARED
    }
    assert more == {}


def test_no_page_is_larger_than_a_browser_draws_at_once(seen: list[dict[str, Seen]]) -> None:
    assert {path: one.nodes for path, one in seen[-1].items() if one.nodes > NODES_MAX} == {}
