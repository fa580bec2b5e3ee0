"""In what a payer opens an order: inside the chat app, in a phone's browser, on a computer's page; and the way back."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cloud.emulators.providers.mood import Mood
from cloud.emulators.providers.payer import shown
from cloud.emulators.providers.setting_up import set_up
from cloud.emulators.providers.wechat import OPENID
from cloud.payments.deposits.calls import SENT_BACK, deposit_state
from cloud.payments.deposits.settings import FILE, provider_offers, read_providers
from cloud.payments.providers.interface import OrderWay
from shared.errors import ConfigFault
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import Rig, in_memory
from tests.cloud.payments.settings import demo_folder

CARD, FEN, BACK = c.card(1), 50_00, "https://campus/?paid=1"
ASKED = "/connect/oauth2/authorize?appid=wx0000000000000001&redirect_uri=https://campus/&response_type=code&state=pay.k"


@pytest.fixture
def wechat(campus_file: Path, tmp_path: Path) -> Iterator[Rig]:
    with closing(in_memory(campus_file)) as opened:
        yield Rig(opened, "wechat", Mood(), tmp_path)


@pytest.fixture
def alipay(campus_file: Path, tmp_path: Path) -> Iterator[Rig]:
    with closing(in_memory(campus_file)) as opened:
        yield Rig(opened, "alipay", Mood(), tmp_path)


def code_of(rig: Rig) -> str:
    """As WeChat sends its user back."""
    status, headers, _ = rig.emulator.handle("GET", ASKED, {}, b"", rig.now_s)
    back = urlsplit(headers["Location"])
    assert (status, back.netloc, parse_qs(back.query)["state"]) == (302, "campus", ["pay.k"])
    for wrong in ("https://campus/%0d%0aSet-Cookie:a=b", "javascript:x"):
        assert rig.emulator.handle("GET", ASKED.replace("https://campus/", wrong), {}, b"", rig.now_s)[0] == 400
    return parse_qs(back.query)["code"][0]


def test_inside_the_chat_app_the_payer_alone_pays_by_what_we_have_signed(wechat: Rig) -> None:
    order = wechat.deposits.order("k", CARD, FEN, "wechat", "", OrderWay.INSIDE, f"{SENT_BACK}{code_of(wechat)}")
    wechat.deposits.turn()
    told = deposit_state(wechat.opened, CARD, "k")
    given = json.loads(told["pay"])
    assert (told["state"], told["way"], told["qr"]) == ("to-pay", "inside", [])
    assert wechat.deposits.state("k").opener == "", "who he is, nobody keeps"
    assert not wechat.emulator.bridge(given, "oSOMEBODYELSE", wechat.now_s)
    assert not wechat.emulator.bridge({**given, "timeStamp": "1"}, OPENID, wechat.now_s)
    assert wechat.emulator.bridge(given, OPENID, wechat.now_s)
    wechat.pass_time(60)
    assert (wechat.online_fen(CARD), wechat.deposits.state("k").number) == (FEN, order.number)


def test_a_code_that_is_used_up_makes_an_order_that_anybody_scans(wechat: Rig) -> None:
    code = code_of(wechat)
    assert wechat.door.opener(code) == OPENID
    number = wechat.deposits.order("k", CARD, FEN, "wechat", "", OrderWay.INSIDE, f"{SENT_BACK}{code}").number
    wechat.deposits.turn()
    told = deposit_state(wechat.opened, CARD, "k")
    assert (told["state"], told["way"], bool(told["qr"])) == ("to-pay", "code", True)
    wechat.trades.pay(number, wechat.now_s)
    wechat.pass_time(60)
    assert wechat.online_fen(CARD) == FEN


def test_who_the_payer_is_is_kept_before_an_order_whose_answer_is_lost(wechat: Rig) -> None:
    wechat.trades.take_mood(Mood(lost=100))
    wechat.deposits.order("k", CARD, FEN, "wechat", "", OrderWay.INSIDE, f"{SENT_BACK}{code_of(wechat)}")
    wechat.deposits.turn()
    assert wechat.deposits.state("k").opener == OPENID
    wechat.trades.take_mood(Mood())
    wechat.pass_time(60)
    assert deposit_state(wechat.opened, CARD, "k")["way"] == "inside"


def test_on_a_phone_wechat_is_opened_by_an_address_that_leads_back(wechat: Rig) -> None:
    number = wechat.deposits.order("k", CARD, FEN, "wechat", "", OrderWay.PHONE, "203.0.113.9").number
    wechat.deposits.turn()
    told = deposit_state(wechat.opened, CARD, "k")
    query = urlsplit(told["pay"]).query
    assert (told["way"], told["qr"], parse_qs(query)["redirect_url"]) == ("phone", [], [BACK])
    assert f'<a href="{BACK}">' in shown(wechat.trades.all[number], query).decode()
    assert "href" not in shown(wechat.trades.all[number], "redirect_url=javascript:x").decode()


@pytest.mark.parametrize("way", [OrderWay.PHONE, OrderWay.PAGE])
def test_a_page_of_alipays_is_signed_by_us_and_brings_its_order_along(alipay: Rig, way: OrderWay) -> None:
    number = alipay.deposits.order("k", CARD, FEN, "alipay", "", way).number
    alipay.deposits.turn()
    told = deposit_state(alipay.opened, CARD, "k")
    assert (told["state"], told["way"], number in alipay.trades.all) == ("to-pay", way, False)
    alipay.pass_time(60)
    assert deposit_state(alipay.opened, CARD, "k")["state"] == "to-pay", "nobody has opened it"
    path = told["pay"].removeprefix("https://provider.example")
    assert alipay.emulator.handle("GET", path.replace("50.00", "0.01"), {}, b"", alipay.now_s)[0] == 200, "no 302"
    status, headers, _ = alipay.emulator.handle("GET", path, {}, b"", alipay.now_s)
    assert (status, parse_qs(urlsplit(headers["Location"]).query)["redirect_url"]) == (302, [BACK])
    assert alipay.trades.pay(number, alipay.now_s)
    alipay.pass_time(120)
    assert alipay.online_fen(CARD) == FEN


def test_a_page_that_nobody_opens_is_closed_at_its_end(alipay: Rig) -> None:
    alipay.deposits.order("k", CARD, FEN, "alipay", "", OrderWay.PHONE)
    alipay.pass_time(2_400, 60)
    assert deposit_state(alipay.opened, CARD, "k")["state"] == "closed"


def test_what_a_school_offers_stands_in_its_settings_and_no_key_is_read_for_it(tmp_path: Path) -> None:
    data = demo_folder(tmp_path)
    for name in ("wechat", "alipay"):
        set_up(data, name, 9_201, "https://campus/pay")
    cloud = data / "cloud"
    offers = provider_offers(cloud)
    assert (offers["wechat"].ways, offers["alipay"].ways) == (("code", "phone", "inside"), ("code", "phone", "page"))
    assert offers["wechat"].authorize.endswith("/connect/oauth2/authorize")
    assert set(read_providers(cloud)) == {"wechat", "alipay"}
    text = (cloud / FILE).read_text()
    (cloud / FILE).write_text(text.replace('"page"', '"inside"'))
    with pytest.raises(ConfigFault, match=r"alipay\.ways"):
        provider_offers(cloud)
