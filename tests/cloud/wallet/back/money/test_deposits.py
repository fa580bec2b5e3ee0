"""Deposits by a parent as the accounts service answers them, and callbacks, which are laid down and move nothing."""

from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.emulators.providers.mood import Mood
from cloud.ledger.ledger import open_ledger
from cloud.payments.deposits.settings import FILE, Offer, provider_names
from cloud.payments.deposits.wakes import KEPT_MAX, Wakes
from cloud.wallet.back.answers import Answers
from cloud.wallet.back.table import OPERATIONS
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import Rig as Provided
from tests.cloud.payments.rig import in_memory
from tests.cloud.wallet.rig import CHILD, GROWN, Rig

KEY, OTHER = "00" * 16, "11" * 16
DAY_S = 86_400


@pytest.fixture
def till(rig: Rig, tmp_path: Path) -> Rig:
    """The rig of a school that takes deposits by two providers."""
    site = replace(rig.site, channels=("wechat", "alipay"), wakes=Wakes(tmp_path))
    return replace(rig, site=site, answers=Answers(site, OPERATIONS))


def deposit(till: Rig, who: str = "mother", key: str = KEY, fen: int = 50_00, channel: str = "wechat"):
    return till.ask("deposit/new", who, holder=CHILD[0], key=key, fen=fen, channel=channel)


def test_a_parent_orders_once_under_one_key_and_sees_how_it_stands(till):
    said = till.ask("deposit/channels", "mother", holder=CHILD[0])
    assert said["channels"] == ["wechat", "alipay"]
    first = deposit(till)
    assert deposit(till) == first
    assert (first["state"], first["fen"]) == ("made", 50_00)
    assert till.ask("deposit/state", "mother", holder=CHILD[0], key=KEY) == first
    assert deposit(till, fen=60_00) == "deposit-refused"
    assert till.ask("home", "mother", holder=CHILD[0])["online_fen"] == 0


def test_a_key_is_its_persons_own_and_no_guardian_meets_another_ones_deposit(till):
    mothers = deposit(till)
    assert till.ask("deposit/state", "father", holder=CHILD[0], key=KEY) == "no-deposit"
    assert deposit(till, "father")["order"] != mothers["order"]
    assert till.ask("deposit/state", "mother", holder=GROWN[0], key=KEY) == "no-deposit"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"fen": 99}, "argument"), ({"fen": 5_000_01}, "argument"), ({"fen": 50.0}, "argument"),
     ({"key": "x"}, "argument"), ({"channel": "bank"}, "no-channel")],
)  # fmt: skip
def test_what_is_out_of_bounds_or_by_no_provider_of_the_school_is_refused(till, wrong, code):
    assert deposit(till, **wrong) == code


def test_an_order_is_opened_in_a_way_that_the_school_has_and_by_whom_it_asks(rig, tmp_path):
    offers = {"wechat": Offer(("code", "phone", "inside"), "https://open.weixin.example/ask", "wx1")}
    site = replace(rig.site, channels=("wechat", "alipay"), wakes=Wakes(tmp_path), offers=offers)
    till = replace(rig, site=site, answers=Answers(site, OPERATIONS))
    told = till.ask("deposit/channels", "mother", holder=CHILD[0])
    assert told["ways"] == {"wechat": ["code", "phone", "inside"], "alipay": ["code"]}
    assert told["sign"] == {"wechat": ["https://open.weixin.example/ask", "wx1"]}
    given = {"holder": CHILD[0], "fen": 50_00, "channel": "wechat"}
    for n, (wrong, code) in enumerate((
        ({"way": "page"}, "no-way"), ({"way": "inside"}, "no-way"), ({"code": "c"}, "no-way"),
        ({"way": "x"}, "argument"),
    )):  # fmt: skip
        assert till.ask("deposit/new", "mother", key=f"{n:032x}", **{**given, **wrong}) == code
    assert till.ask("deposit/new", "mother", key=KEY, way="phone", **given)["way"] == "phone"
    assert till.ask("deposit/new", "mother", key=OTHER, way="inside", code="c0de", **given)["way"] == "inside"
    with site.ledger.database.reading():
        rows = site.ledger.database.run("SELECT way, opener FROM deposit_order ORDER BY way DESC")
    assert [way for way, _ in rows] == ["phone", "inside"]
    assert dict(rows)["inside"] == "code:c0de"


def test_topping_up_stays_when_sight_has_ended(till):
    till.later(DAY_S)
    assert till.ask("home", "mother", holder=GROWN[0]) == "not-yours"
    assert till.ask("deposit/new", "mother", holder=GROWN[0], key=KEY, fen=50_00, channel="wechat")["state"] == "made"
    assert till.ask("deposit/new", "", holder=GROWN[0], key=OTHER, fen=50_00, channel="wechat") == "sign-in"


def called(till: Rig, provider: str = "wechat", body: bytes = b"{}"):
    return till.ask("provider/notify", provider=provider, headers={}, body=b64encode(body).decode())


def test_a_callback_is_laid_down_as_it_came_and_moves_nothing(till):
    deposit(till)
    forged = b'\x00 {"trade_state": "SUCCESS"}'
    assert called(till, body=forged) == {}
    assert [(one.provider, one.body) for one in till.site.wakes.waiting()] == [("wechat", forged)]
    assert till.ask("deposit/state", "mother", holder=CHILD[0], key=KEY)["state"] == "made"
    assert till.ask("home", "mother", holder=CHILD[0])["online_fen"] == 0


def test_a_callback_of_no_provider_of_ours_too_long_or_above_the_bound_is_not_taken(till):
    assert called(till, provider="bank") == "unknown-operation"
    assert called(till, body=bytes(16 * 1024 + 1)) == "away"
    assert till.ask("provider/notify", provider="wechat", headers={}, body="€") == "malformed"
    assert till.ask("provider/notify", provider="wechat", headers={"a": 1}, body="") == "argument"
    with till.site.wakes._tables.writing() as db:  # 256 calls would take seconds
        db.insert("wake", "id, provider, headers, body", [(i + 1, "wechat", "{}", b"") for i in range(KEPT_MAX)])
    assert called(till) == "away"


def test_names_of_providers_are_known_without_their_keys(tmp_path):
    assert provider_names(tmp_path) == ()
    (tmp_path / FILE).write_text('[alipay]\nkey = "not-there.pem"\n[wechat]\n')
    (tmp_path / FILE).chmod(0o600)
    assert provider_names(tmp_path) == ("wechat", "alipay")


@pytest.mark.parametrize("mood", [Mood(), Mood(silent=True)], ids=["called back", "never called back"])
def test_a_parent_pays_and_the_childs_balance_shows_it_once(rig, tmp_path, mood):
    ledger = open_ledger(str(tmp_path / "books.db"), c.LEDGER_ID)
    ledger.import_inventory(c.inventory(), c.NOW)
    ledger.close()
    psp = Provided(in_memory(tmp_path / "books.db"), "wechat", mood, tmp_path)
    with closing(psp.opened):
        site = replace(rig.site, ledger=psp.opened, channels=("wechat",))
        till = replace(rig, site=site, answers=Answers(site, OPERATIONS), now=psp.now())
        till.signed("mother", 1)
        order = deposit(till)["order"]
        psp.pass_time(15)
        assert deposit(till)["state"] == "to-pay"
        assert psp.trades.pay(order, psp.now_s)
        psp.pass_time(300)
        till.now = psp.now()
        assert till.ask("deposit/state", "mother", holder=CHILD[0], key=KEY)["state"] == "posted"
        assert deposit(till)["paid_fen"] == 50_00
        assert till.ask("home", "mother", holder=CHILD[0])["online_fen"] == 50_00
