"""What is not signed by the provider, now, for us, about this order, moves nothing: neither callbacks nor answers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.emulators.providers.keys import make_pem, private_of
from cloud.emulators.providers.mood import Mood
from cloud.emulators.providers.trades import Callback
from cloud.ledger.funds.providers.terms import OrderState
from cloud.payments.providers.interface import Moment, ProviderFault
from cloud.payments.providers.keys import PlatformKeys, read_platform
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import Rig, in_memory, pems

CARD = c.card(1)


@pytest.fixture(params=["wechat", "alipay"])
def rig(request: pytest.FixtureRequest, campus_file: Path, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(in_memory(campus_file), request.param, Mood(silent=True), tmp_path)
    yield made
    made.opened.close()


def sent(rig: Rig, key: str = "k") -> str:
    number = rig.deposits.order(key, CARD, 50_00, rig.provider).number
    rig.deposits.turn()
    assert rig.deposits.state(key).state == OrderState.SENT
    return number


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_a_genuine_callback_posts_nothing_by_itself(rig: Rig) -> None:
    number = sent(rig)
    rig.trades.pay(number, rig.now_s)
    head, body = rig.emulator.callback(Callback(rig.now_s, 1, number), rig.now_s)
    assert rig.deposits.wake(rig.provider, lowered(head), body)
    assert rig.online_fen(CARD) == 0
    assert rig.deposits.turn().posted == 1
    assert rig.online_fen(CARD) == 50_00


def test_a_genuine_callback_of_what_was_not_paid_wakes_and_moves_nothing(rig: Rig) -> None:
    number = sent(rig)
    head, body = rig.emulator.callback(Callback(rig.now_s, 1, number), rig.now_s)
    assert rig.deposits.wake(rig.provider, lowered(head), body)
    rig.deposits.turn()
    assert rig.online_fen(CARD) == 0


def test_a_forged_callback_is_refused_and_told_once_an_hour(rig: Rig) -> None:
    number = sent(rig)
    for turn in range(5):
        head, body = rig.emulator.callback(Callback(rig.now_s, turn, number, is_forged=True), rig.now_s)
        assert not rig.deposits.wake(rig.provider, lowered(head), body)
    assert rig.facts().count("deposit-forged") == 1


def test_an_old_callback_is_refused(rig: Rig) -> None:
    number = sent(rig)
    head, body = rig.emulator.callback(Callback(rig.now_s, 1, number), rig.now_s)
    rig.now_s += 27 * 3600
    assert not rig.deposits.wake(rig.provider, lowered(head), body)


def test_a_callback_with_one_octet_changed_is_refused(rig: Rig) -> None:
    number = sent(rig)
    head, body = rig.emulator.callback(Callback(rig.now_s, 1, number), rig.now_s)
    at = body.index(b"0") if rig.provider == "alipay" else len(body) // 2
    assert not rig.deposits.wake(rig.provider, lowered(head), body[:at] + bytes((body[at] ^ 1,)) + body[at + 1 :])


def test_an_unsigned_answer_that_says_paid_is_no_answer(rig: Rig) -> None:
    sent(rig)
    rig.trades.take_mood(Mood(unsigned=100))
    rig.now_s += 60
    assert rig.deposits.turn().unanswered == 1
    assert rig.online_fen(CARD) == 0


def test_keys_rotate_and_the_old_one_ends(rig: Rig) -> None:
    number = sent(rig)
    rig.trades.take_mood(Mood(silent=True, old_key=True))
    assert rig.door.query(number).number == number
    rig.now_s += 8 * 86_400
    with pytest.raises(ProviderFault, match=r"count now|no key"):
        rig.door.query(number)
    rig.trades.take_mood(Mood(silent=True))
    assert rig.door.query(number).number == number


def test_a_rotation_in_the_middle_of_an_order_loses_none_and_each_end_is_told(rig: Rig) -> None:
    """An old certificate, the new key beside it, and a third one after a restart; callbacks change over last."""
    paid, later = sent(rig, "a"), sent(rig, "b")
    rig.trades.take_mood(Mood(old_key=True))
    rig.trades.pay(paid, rig.now_s)
    rig.pass_time(60)
    for _ in range(2):
        rig.deposits.tell_keys()
    assert (rig.online_fen(CARD), rig.facts().count("provider-key-ends")) == (50_00, 1), "it signs with what ends soon"
    rig.now_s += 7 * 86_400
    rig.trades.take_mood(Mood(silent=True))
    third = make_pem()
    rig.emulator.keys.signers["PUB_KEY_ID_3"] = private_of(third[0])
    end_s = rig.now_s + 20 * 86_400
    keys = [read_platform("PUB_KEY_ID_2", pems("new")[1], end_s), read_platform("PUB_KEY_ID_3", third[1], end_s + 1)]
    rig.door._adapter._platform = PlatformKeys(keys)
    rig.born()
    rig.trades.all[later].expires_s += 30 * 86_400
    rig.trades.pay(later, rig.now_s)
    rig.deposits.ask_again(later)
    rig.deposits.turn()
    assert rig.online_fen(CARD) == 100_00
    rig.deposits.tell_keys()
    told = [one.serial for one in rig.door.key_ends()]
    assert (told, rig.facts().count("provider-key-ends")) == (["PUB_KEY_ID_3"], 2), "the last of them"
    if rig.provider == "wechat":
        asked = rig.door._adapter.query(later, Moment(rig.now_s, "0" * 32))
        assert asked.headers["Wechatpay-Serial"] == "PUB_KEY_ID_3"


def test_another_merchants_order_is_not_ours(rig: Rig) -> None:
    number = sent(rig)
    rig.emulator._mchid = rig.emulator._seller_id = "1900000666"
    if rig.provider == "alipay":
        rig.emulator._app_id = "wx6"
    with pytest.raises(ProviderFault):
        rig.door.query(number)


def test_an_answer_about_another_order_is_none(rig: Rig) -> None:
    number, other = sent(rig, "a"), sent(rig, "b")
    rig.trades.pay(other, rig.now_s)
    rig.trades.all[number] = replace(rig.trades.all[other])
    rig.trades.all[number].number = other
    with pytest.raises(ProviderFault, match="another"):
        rig.door.query(number)


def test_a_bill_whose_sums_or_hash_are_wrong_is_not_used(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    number = sent(rig)
    rig.trades.pay(number, rig.now_s)
    true = rig.emulator.bill_of
    monkeypatch.setattr(rig.emulator, "bill_of", lambda day: true(day)[::-1].replace(b"00.05", b"00.15", 1)[::-1])
    with pytest.raises(ProviderFault, match="add up"):
        rig.deposits.bill(rig.provider, rig.day, "王芳")
    assert rig.provider_fen() == 0
    assert "deposit-bill-broken" in rig.facts()


def test_nothing_secret_is_in_a_repr_or_a_fault(rig: Rig) -> None:
    text = repr(rig.door) + repr(vars(rig.door._adapter))
    assert "PRIVATE" not in text
    assert "RSAPrivateKey" not in text
    assert json.dumps(str(rig.facts())).count("BEGIN") == 0
