"""The card desk's page: who is heard, what was read, what was asked, in words that claim no more than is known."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.desks.kept import HEARD_MS, ORDER_MS, Desks, desks_of
from cloud.console.frame.clock import wall_now
from shared.wire.desk.line import Deed, End, Ended, Order
from shared.words.voice import Text
from tests.cloud.console.bounds.stocked import CARD_SEEN
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c

ID, CARD = "ab" * 16, c.card(1).hex()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


@pytest.fixture
def clerk(rig: Rig) -> Browser:
    return rig.browser("王芳", [Grant(Role.CARDS)])


@pytest.fixture
def desks(rig: Rig) -> Desks:
    return desks_of(rig.sources.file)


def pair(desks: Desks, at_ms: int) -> None:
    assert desks.pair(desks.make_code("东门", "王芳", at_ms), at_ms)


def now_ms() -> int:
    return wall_now().unix_ms


def test_a_code_is_shown_once_and_written_down_nowhere(rig: Rig, clerk: Browser) -> None:
    found = re.search(r"<code>([0-9a-f]{16})</code>", clerk.send("/card-desks/code", 200, name="东门"))
    assert found
    assert found[1] not in clerk.see("/card-desks")
    row = rig.sources.audit.rows(Question(), 1)[0]
    assert "东门" in row.deed.zh
    assert found[1] not in row.deed.zh + row.deed.en


def test_a_desk_that_was_not_heard_lately_is_unknown_and_asked_for_nothing(clerk: Browser, desks: Desks) -> None:
    pair(desks, now_ms() - HEARD_MS - 1000)
    for path in ("/card-desks", "/card-desks/1"):
        page = clerk.see(path)
        assert "未知: 没有应答" in page
        assert '<span class="mark ok"' not in page.split("<main", 1)[1]
    assert "没有应答，未交办" in clerk.send("/card-desks/1/ask", 503, key=ID, deed="read")
    assert desks.asked(1, now_ms()) == []


def test_what_was_read_is_shown_with_its_time_and_as_old_when_something_came_since(
    clerk: Browser, desks: Desks
) -> None:
    at_ms = now_ms()
    pair(desks, at_ms)
    clerk.send("/card-desks/1/ask", key=ID, deed="read")
    page = clerk.see("/card-desks/1")
    assert "等卡务台来取" in page
    assert 'http-equiv="refresh"' in page
    assert desks.take(1, at_ms)
    desks.end(1, Ended(bytes.fromhex(ID), End.DONE, (), CARD_SEEN), at_ms)
    page = clerk.see("/card-desks/1")
    assert f'href="/cards/{CARD}"' in page
    assert "¥0.01" in page
    assert "请再读一次" not in page
    desks.ask(1, "王芳", Order(b"2" * 16, Deed.PIN_RELOAD, c.card(1), ("123456",)), at_ms - ORDER_MS - 1)
    page = clerk.see("/card-desks/1")
    assert "请再读一次" in page
    assert "作废" in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"deed": "pin-reload", "pin": "123456", "again": "654321"}, "两次口令不同"),
        ({"deed": "pin-reload", "pin": "12345", "again": "12345"}, "4 到 12 位"),
        ({"deed": "cash-in", "yuan": "0"}, "不能为零"),
        ({"deed": "cash-in", "yuan": "十元"}, "金额"),
        ({"deed": "replace", "new": "9001", "reason": ""}, "缘由"),
        ({"deed": "replace", "new": "9001", "reason": "折断", "card": ""}, "不完整"),
        ({"deed": "erase"}, "不完整"),
    ],
)
def test_what_is_not_whole_is_asked_of_no_desk(clerk: Browser, desks: Desks, form: dict[str, str], said: str) -> None:
    pair(desks, now_ms())
    assert said in clerk.send("/card-desks/1/ask", 503, **{"key": ID, "card": CARD, **form})
    assert desks.asked(1, now_ms()) == []


def test_the_audit_list_names_deed_card_and_sum_and_no_pin(rig: Rig, clerk: Browser, desks: Desks) -> None:
    pair(desks, now_ms())
    clerk.send("/card-desks/1/ask", key=ID, deed="pin-reload", card=CARD, pin="135790", again="135790")
    deed = rig.sources.audit.rows(Question(), 1)[0].deed
    assert (deed.who, deed.object) == ("王芳", "card:0001")
    assert "口令重装" in deed.zh
    assert "135790" not in str(deed)
    desks.take(1, now_ms())
    desks.end(1, Ended(bytes.fromhex(ID), End.FAILED, (Text("未办", "no"),)), now_ms())
    clerk.send("/card-desks/1/ask", key="cd" * 16, deed="cash-in", card=CARD, yuan="12.5")
    assert "¥12.50" in rig.sources.audit.rows(Question(), 1)[0].deed.zh


@pytest.mark.parametrize(
    "grant", [Grant(Role.TEACHER, Scope(group="高一3班")), Grant(Role.FINANCE), Grant(Role.CARDS, Scope(box=c.BOX))]
)
def test_who_has_not_the_whole_card_desk_does_not_see_it(rig: Rig, desks: Desks, grant: Grant) -> None:
    rig.browser()
    pair(desks, now_ms())
    other = rig.browser("李明", [grant])
    other.see("/card-desks", 403)
    other.see("/card-desks/1", 403)
    other.send("/card-desks/1/ask", 403, key=ID, deed="read")
    assert "/card-desks" not in other.client.get("/", follow_redirects=True).get_data(as_text=True)
