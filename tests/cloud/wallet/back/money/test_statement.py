"""The statement: channel, state and receipt of each entry; of another guardian's deposit the sum alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloud.ledger.funds.providers.posting import post_deposit
from cloud.payments.disputes.rows import answer
from cloud.wallet.back import by_school
from cloud.wallet.back.money.receipts import checked
from cloud.wallet.people.persons import add_person
from tests.cloud.campus import Campus
from tests.cloud.wallet.back.test_messages import card_of
from tests.cloud.wallet.back.test_stall import said
from tests.cloud.wallet.rig import CHILD, Rig

KEY = "00" * 16


@pytest.fixture
def paid_in(rig: Rig) -> Rig:
    """Mother and father have each paid in by WeChat; the child has signed in, too."""
    rig.site = replace(rig.site, channels=("wechat",))
    rig.answers._site = rig.site
    with rig.site.people.writing():
        child = add_person(rig.site.people, "", "child", CHILD[0], 0)
    rig.signed("child", child.id)
    rig.ask("consent", "mother", holder=CHILD[0], given=True)
    card = card_of(rig)
    for txn, fen, person in (("tx-m", 30_00, 1), ("tx-f", 40_00, 2)):
        with rig.site.ledger.writing(rig.now) as writing:
            assert post_deposit(writing, card, fen, "wechat", txn, f"wallet:{person}")
    return rig


def seen(rig: Rig, who: str) -> dict[int, dict[str, Any]]:
    rows = rig.ask("statement", who, holder=CHILD[0])["rows"]
    return {row["fen"]: row for row in rows if row["kind"] == "deposit"}


def test_guardians_do_not_see_each_others_channels(paid_in: Rig) -> None:
    for who, mine, others in (("mother", 30_00, 40_00), ("father", 40_00, 30_00)):
        rows = seen(paid_in, who)
        assert (rows[mine]["channel"], rows[others]["channel"]) == ("wechat", "")
        assert (rows[mine]["said"]["zh"], rows[others]["said"]["zh"]) == ("充值", "另一位监护人充值")
        told = json.dumps(rows[others], ensure_ascii=False)
        assert not [word for word in ("wechat", "tx-", "wallet:", "Lin") if word in told]
        asked = {fen: paid_in.ask("statement/receipt", who, holder=CHILD[0], entry=rows[fen]["entry"]) for fen in rows}
        assert asked[others] == "not-yours"
        assert asked[mine]["fen"] == mine
    assert {row["channel"] for row in seen(paid_in, "child").values()} == {"wechat"}


def test_a_receipt_is_held_against_the_books(paid_in: Rig) -> None:
    db = paid_in.site.ledger.database
    given = paid_in.ask("statement/receipt", "mother", holder=CHILD[0], entry=seen(paid_in, "mother")[30_00]["entry"])
    with db.reading():
        assert all(is_so for _, is_so in checked(db, given))
        for name, wrong in (("fen", 300_00), ("label", "0002"), ("document", "00"), ("entry", True), ("record", "00")):
            assert not all(is_so for _, is_so in checked(db, given | {name: wrong})), name
        assert not any(is_so for _, is_so in checked(db, {}))


def test_the_command_says_so_and_ends_otherwise(campus: Campus, tmp_path: Path) -> None:
    file = tmp_path / "receipt.json"
    file.write_text('{"entry": 1}')
    assert by_school.receipt(said(campus, file=file)) == 1


def test_a_dispute_stands_beside_its_entry_until_and_after_it_is_answered(paid_in: Rig) -> None:
    entry = seen(paid_in, "mother")[30_00]["entry"]
    paid_in.ask("dispute", "mother", holder=CHILD[0], key=KEY, entry=entry, why="no")
    assert (seen(paid_in, "mother")[30_00]["dispute"], seen(paid_in, "father")[30_00]["dispute"]) == ("open", "")
    with paid_in.site.people.writing():
        answer(paid_in.site.people, 1, "none", "查过无误", "王芳", paid_in.now.unix_ms)
    assert seen(paid_in, "mother")[30_00]["dispute"] == "answered"
