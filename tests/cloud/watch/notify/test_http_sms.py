"""A provider on a loopback port that takes signed posts: what it takes, what it refuses, and what is never told."""

from collections.abc import Iterator
from typing import Any

import pytest

from cloud.emulators.sms_provider import ProviderEmulator
from cloud.watch.notify.channels import post
from cloud.watch.notify.channels.door import Arrived, ChannelFault
from cloud.watch.notify.channels.http_sms import Body, HttpSmsDoor
from cloud.watch.notify.channels.post import place_of
from cloud.watch.notify.channels.signed import signature, signed_at
from cloud.watch.notify.queue import Message
from cloud.watch.notify.terms import Channel, Why

SECRET = "not-a-real-secret-0123"  # of a test
MESSAGE = Message(7, 1000, "王芳", Channel.SMS, "+8613800138000", Why.CALL, (), "", "网关失联 第一食堂 & 50%")
SENT = {"id": "7.1000", "to": "+8613800138000", "text": "网关失联 第一食堂 & 50%"}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderEmulator]:
    monkeypatch.setattr(post, "ANSWER_S", 0.5)
    with ProviderEmulator(SECRET) as opened:
        yield opened


@pytest.mark.parametrize("body", list(Body))
def test_a_message_goes_signed_and_the_provider_names_it(provider: ProviderEmulator, body: Body) -> None:
    door = HttpSmsDoor(place_of(provider.url, SECRET), body)
    assert door.send(MESSAGE) == ("p1", ())
    assert provider.taken == [SENT]
    assert door.heard() == ()


@pytest.mark.parametrize("says", [b"thanks", b"[" * 4000, b'{"id": true}', b'{"id": "a\\nb"}', b"\xff", b"[1]"])
def test_an_answer_without_an_id_is_a_receipt_all_the_same(provider: ProviderEmulator, says: bytes) -> None:
    provider.mood.says = says
    assert HttpSmsDoor(place_of(provider.url, SECRET)).send(MESSAGE).receipt == "202"


@pytest.mark.parametrize(
    ("mood", "for_good"),
    [
        ({"status": 429}, False),
        ({"status": 503}, False),
        ({"status": 401}, False),
        ({"status": 400}, True),
        ({"status": 422}, True),
        ({"mute_s": 5.0}, False),
        ({"hangs_up": True}, False),
    ],
)
def test_what_is_not_taken_is_later_or_never(provider: ProviderEmulator, mood: dict[str, Any], for_good: bool) -> None:
    for key, value in mood.items():
        setattr(provider.mood, key, value)
    with pytest.raises(ChannelFault) as told:
        HttpSmsDoor(place_of(provider.url, SECRET)).send(MESSAGE)
    assert told.value.for_good is for_good
    assert provider.taken == []


def test_a_redirect_is_not_followed(provider: ProviderEmulator) -> None:
    with ProviderEmulator(SECRET) as elsewhere:
        provider.mood.location = elsewhere.url
        with pytest.raises(ChannelFault, match="HTTP 302"):
            HttpSmsDoor(place_of(provider.url, SECRET)).send(MESSAGE)
        assert (provider.posts, elsewhere.posts) == (1, 0)


def test_no_proxy_is_asked(provider: ProviderEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert HttpSmsDoor(place_of(provider.url, SECRET)).send(MESSAGE).receipt == "p1"


def test_another_secret_is_refused_and_neither_is_told(provider: ProviderEmulator) -> None:
    place = place_of(provider.url, "another-secret-9876543")
    with pytest.raises(ChannelFault, match="HTTP 401") as told:
        HttpSmsDoor(place).send(MESSAGE)
    shown = f"{told.value!r} {place!r}"
    assert not [one for one in ("another-secret", "sms?v=1") if one in shown]


@pytest.mark.parametrize(
    "url",
    [
        "http://sms.example.com/send", "ftp://127.0.0.1/", "https://", "https://u:p@sms.example.com/", "https://[::1/",
        "https://a:port/", "https://a/ b", "https://a/\r\nX: y", "https://中.example/", "http://localhost.evil.example/",
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(ValueError) as told:  # what it says is looked at below
        place_of(url, SECRET)
    assert str(told.value) in ("not a URL", "https, or http on loopback")


def test_https_goes_where_it_says_and_loopback_may_be_plain() -> None:
    place = place_of("https://sms.example.com/send?key=1", SECRET)
    assert (place.host, place.port, place.path, place.is_plain) == ("sms.example.com", 443, "/send?key=1", False)
    here = place_of("http://[::1]:8080", SECRET)
    assert (here.host, here.port, here.path, here.is_plain) == ("::1", 8080, "/", True)


def test_the_signature_holds_each_part() -> None:
    given = ("POST", "/a?b=1", b"{}")
    value = signature(b"k", "POST", "/a?b=1", 1_795_836_778, b"{}")
    assert value == "t=1795836778,v1=95628bc08c877654b4959ef7d75ff6eb0749b7bc754399f2539d85d1ea3c978b"
    assert signed_at(value, b"k", *given) == 1_795_836_778
    for other in (("GET", *given[1:]), ("POST", "/a", b"{}"), ("POST", "/a?b=1", b"{ }")):
        assert signed_at(value, b"k", *other) is None
    assert signed_at(value, b"l", *given) is None
    assert signed_at(value.replace("1795836778", "1795836779"), b"k", *given) is None
    assert signed_at("", b"k", *given) is None


def test_what_became_of_it_is_asked_for_and_only_last_words_count(
    provider: ProviderEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = HttpSmsDoor(place_of(provider.url, SECRET), status=place_of(provider.status_url, SECRET))
    assert door.send(MESSAGE) == ("p1", ("p1",))
    provider.mood.states = {"p1": "delivered", "p2": "failed", "p3": "on its way", "p9": "failed"}
    assert door.heard(lambda: ("p1", "p2", "p3")) == [Arrived(("p1",), True), Arrived(("p2",), False)]
    assert door.heard(lambda: ("p3",)) == ()  # it was asked a moment ago
    assert provider.asked == [["p1", "p2", "p3"]]


def test_nothing_is_asked_where_nothing_is_out(provider: ProviderEmulator) -> None:
    door = HttpSmsDoor(place_of(provider.url, SECRET), status=place_of(provider.status_url, SECRET))
    assert (door.heard(), provider.posts) == ((), 0)


@pytest.mark.parametrize("says", [b"", b"[]", b'{"states": 1}', b"[" * 5000])
def test_an_answer_without_states_is_a_fault(provider: ProviderEmulator, says: bytes) -> None:
    provider.mood.says = says or b"x"
    with pytest.raises(ChannelFault):
        HttpSmsDoor(place_of(provider.url, SECRET), status=place_of(provider.status_url, SECRET)).heard(lambda: ("p1",))


def test_states_of_what_was_not_asked_for_are_not_believed(provider: ProviderEmulator) -> None:
    door = HttpSmsDoor(place_of(provider.url, SECRET), status=place_of(provider.status_url, SECRET))
    provider.mood.says = b'{"states": {"p1": "delivered", "p2": true, "7": "delivered"}}'
    assert door.heard(lambda: ("p1", "p2")) == [Arrived(("p1",), True)]
