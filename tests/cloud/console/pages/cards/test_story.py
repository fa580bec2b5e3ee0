"""A card's story on a page: for whoever sees balances, and nothing of it tells aid."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role
from cloud.console.frame.clock import wall_now
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c

PAGE = f"/cards/{c.card(1).hex()}/story"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        c.Box(found.ledger).send(c.stored(c.purchase(1, c.card(1), 1, 500, c.OPENING)))
        found.ledger.grant(c.card(1), 700, "fund", "助", "g1", wall_now(), "王芳")
        yield found


def test_it_is_told_in_words_without_what_is_aid(rig: Rig) -> None:
    desk = rig.browser("王芳", [Grant(Role.CARDS)])
    page = desk.see(PAGE)
    for text in ("账本：卡内 ¥95.00", "过渡余额 ¥7.00", "接下来", "往来合计与账本余额相符", "欠交与迟到"):
        assert text in page, text
    assert ("发放" in page, "补助" in page.split("<h1")[1]) == (False, False)
    assert PAGE in desk.see(f"/cards/{c.card(1).hex()}")
    assert "by the books: on the card ¥95.00" in desk.see(f"{PAGE}?lang=en")


def test_who_sees_no_balances_gets_none(rig: Rig) -> None:
    rig.browser("李明", [Grant(Role.TEACHER)]).see(PAGE, 403)
    rig.browser("赵红", [Grant(Role.CARDS)]).see(f"/cards/{'00' * 10}/story", 404)
