"""Events and their webhooks: out of the books once each, in order, again until heard or given up; where none leads."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.open.back.site import SENDINGS_MAX, sendings, take_events
from cloud.open.front.sending import Senders
from cloud.open.line import Sending
from cloud.open.store.apps import revoke
from cloud.open.store.deliveries import (
    QUEUE_MAX,
    RETRIES_S,
    Delivery,
    Standing,
    again_since,
    allow_host,
    dead_of,
    told,
)
from cloud.open.store.feed import KEPT_MS, forget
from cloud.open.webhooks.addresses import AddressRefused, is_public, require_reachable, target_of
from tests.cloud.open.rig import MERCHANT, Rig
from tests.cloud.open.verify import verified

URL = "https://shop.example/hook"


def events(rig: Rig, who: str = "mine") -> list[dict]:
    take_events(rig.site, rig.now.unix_ms)
    return rig.ask("GET", "/v1/events", who).value["items"]


def waiting(rig: Rig) -> list[Sending]:
    take_events(rig.site, rig.now.unix_ms)
    return sendings(rig.site, (), rig.now.unix_ms)


def ended(rig: Rig, one: tuple[Any, ...], status: int, fault: str = "") -> Delivery:
    with rig.site.store.writing():
        return told(rig.site.store, Delivery(*one), status, fault, rig.now.unix_ms)


def hooked(rig: Rig, who: str = "mine") -> None:
    assert rig.ask("PUT", "/v1/webhook", who, url=URL).status == 200


def test_what_happened_is_told_in_order_to_its_own_application_alone(rig: Rig) -> None:
    held = rig.paid(captures=False)
    rig.ask("POST", f"/v1/payments/{held}/void")
    payment = rig.paid()
    rig.ask("POST", f"/v1/payments/{payment}/refund", fen=250, reason="x")
    told_of = [(one["type"], one["fen"], one["payment"]) for one in events(rig)]
    assert told_of == [
        ("payment.authorised", 1250, held), ("payment.void", 1250, held), ("payment.authorised", 1250, payment),
        ("payment.captured", 1250, payment), ("payment.refunded", 250, payment),
    ]  # fmt: skip
    assert events(rig, "beside") == events(rig, "other") == events(rig, "try") == []


def test_nothing_is_told_to_an_application_that_is_revoked_or_over(rig: Rig) -> None:
    hooked(rig)
    rig.paid()
    assert len(waiting(rig)) == 1
    with rig.site.store.writing():
        revoke(rig.site.store, rig.apps["mine"].id, rig.now.unix_ms)
    assert waiting(rig) == []
    app = rig.admit("soon", MERCHANT, until_ms=rig.now.unix_ms + 1000)
    hooked(rig, "soon")
    rig.paid("soon")
    rig.later(1)
    assert waiting(rig) == []
    with rig.site.store.reading():
        assert [one.fault for one in dead_of(rig.site.store, app.id, 0, 9)] == ["removed", "removed"]


def test_what_was_not_captured_in_time_is_told_as_expired(rig: Rig) -> None:
    rig.paid("try", captures=False)
    rig.later(3600)
    assert rig.site.sandbox.orders.expire(rig.now) == 1
    assert [one["type"] for one in events(rig, "try")] == ["payment.authorised", "payment.expired"]


def test_a_cursor_is_good_for_what_has_not_happened_yet(rig: Rig) -> None:
    rig.paid("try")
    first = rig.ask("GET", f"/v1/events?cursor={rig.ask('GET', '/v1/events', 'try').value['cursor']}", "try").value
    assert first["items"] == []
    events(rig, "try")
    seen = rig.ask("GET", f"/v1/events?limit=1&cursor={first['cursor']}", "try").value
    rest = rig.ask("GET", f"/v1/events?cursor={seen['cursor']}", "try").value
    assert [len(seen["items"]), len(rest["items"]), rest["more"]] == [1, 1, False]


def test_a_turn_that_is_killed_before_its_commit_is_done_again_once(rig: Rig) -> None:
    hooked(rig)
    rig.paid()
    with suppress(KeyError), rig.site.store.together():
        take_events(rig.site, rig.now.unix_ms)
        raise KeyError
    assert [len(events(rig)), len(events(rig)), len(waiting(rig))] == [2, 2, 1]


def test_the_next_waits_until_the_one_before_was_heard(rig: Rig) -> None:
    hooked(rig)
    rig.paid()
    (first,) = waiting(rig)
    assert json.loads(first.body)["type"] == "payment.authorised"
    ended(rig, first.delivery, 500)
    assert waiting(rig) == []
    rig.later(RETRIES_S[0])
    (again,) = waiting(rig)
    assert (again.body, again.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])
    ended(rig, again.delivery, 204)
    assert json.loads(waiting(rig)[0].body)["type"] == "payment.captured"


def test_after_the_last_try_it_is_dead_and_goes_again_when_somebody_says_so(rig: Rig) -> None:
    hooked(rig)
    rig.paid()
    for wait_s in (*RETRIES_S, 0):
        ended(rig, waiting(rig)[0].delivery, 0, "timeout")
        said = rig.ask("GET", "/v1/webhook").value
        assert (said["url"], said["fault"]) == (URL, "timeout" if wait_s else ""), "why nothing comes"
        rig.later(wait_s)
    (dead,) = rig.ask("GET", "/v1/webhook/dead").value["items"]
    assert (dead["tries"], dead["fault"]) == (len(RETRIES_S) + 1, "timeout")
    assert json.loads(waiting(rig)[0].body)["type"] == "payment.captured", "the others go on"
    assert rig.ask("POST", f"/v1/events/{dead['event']}/replay", "beside").status == 404
    assert rig.ask("POST", f"/v1/events/{dead['event']}/replay").status == 202
    assert json.loads(waiting(rig)[0].body)["id"] == dead["event"]


def test_what_was_heard_goes_again_since_a_moment(rig: Rig) -> None:
    hooked(rig)
    rig.paid()
    for _ in range(2):
        ended(rig, waiting(rig)[0].delivery, 200)
        rig.later(1)
    with rig.site.store.writing():
        assert again_since(rig.site.store, rig.apps["mine"].id, rig.now.unix_ms - 1000, rig.now.unix_ms) == 1
    assert json.loads(waiting(rig)[0].body)["type"] == "payment.captured"


def test_gone_is_given_up_at_once_and_a_removed_webhook_keeps_nothing_waiting(rig: Rig) -> None:
    hooked(rig)
    rig.paid()
    assert ended(rig, waiting(rig)[0].delivery, 410).state == Standing.DEAD
    (on_way,) = waiting(rig)
    assert rig.ask("DELETE", "/v1/webhook").status == 200
    assert ended(rig, on_way.delivery, 500).fault == "removed", "who decided meanwhile has the word"
    assert (waiting(rig), rig.ask("POST", "/v1/webhook/test").code) == ([], "no-webhook")


def test_a_full_queue_gives_up_what_comes_and_loses_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    assert QUEUE_MAX > 1
    monkeypatch.setattr("cloud.open.store.deliveries.QUEUE_MAX", 1)
    hooked(rig)
    rig.paid()
    assert len(events(rig)) == 2
    assert [one["fault"] for one in rig.ask("GET", "/v1/webhook/dead").value["items"]] == ["queue-full"]


def test_what_goes_at_once_is_bounded_and_the_others_go_while_it_is_on_its_way(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the hosts that the operator allows each has its own alone."""
    assert SENDINGS_MAX > 1
    monkeypatch.setattr("cloud.open.back.site.SENDINGS_MAX", 1)
    with rig.site.store.writing():
        for host in ("shop.example", "elsewhere.example"):
            allow_host(rig.site.store, host, "", 0)
    for who in ("mine", "beside"):
        hooked(rig, who)
        assert rig.ask("POST", "/v1/webhook/test", who).status == 202
    (first,) = waiting(rig)
    (second,) = sendings(rig.site, {first.app}, rig.now.unix_ms)
    assert [first.app, second.app] == [rig.apps[who].id for who in ("mine", "beside")]
    assert first.allowed == second.allowed == {"shop.example"}


def test_old_events_go_and_those_that_wait_stay(rig: Rig) -> None:
    hooked(rig)
    rig.paid()
    ended(rig, waiting(rig)[0].delivery, 200)
    rig.later(KEPT_MS // 1000 + 1)
    rig.paid("try")
    take_events(rig.site, rig.now.unix_ms)
    with rig.site.store.writing():
        forget(rig.site.store, rig.now.unix_ms)
    assert [one["type"] for one in events(rig)] == ["payment.captured"]


def test_a_signature_says_who_what_and_when(rig: Rig) -> None:
    hooked(rig)
    assert rig.ask("POST", "/v1/webhook/test").status == 202
    (one,) = waiting(rig)
    keys = rig.ask("GET", "/v1/webhook-keys").value["keys"]
    now_s = rig.now.unix_ms // 1000
    assert verified(keys, one.headers, one.body, now_s)
    assert not verified(keys, one.headers, one.body + b" ", now_s)
    assert not verified(keys, one.headers | {"webhook-id": "x"}, one.body, now_s)
    assert not verified(keys, one.headers | {"webhook-timestamp": str(now_s + 1)}, one.body, now_s)
    assert not verified(keys, one.headers, one.body, now_s + 301)


BAD = [
    "http://shop.example/", "https://", "https:///x", "https://a@shop.example/", "https://shop.example:0x50/",
    "https://shop.example/\r\nx: y", "https://shop.example/ x", "https://shop.example\\@evil.example/", "ftp://x/",
    "https://shop.example/#x", "https://sh\u00f6p.example/", "https://shop.example:99999/", "//shop.example/", "x",
    "https://" + "a" * 500 + "/",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_is_none_is_refused(rig: Rig, url: str) -> None:
    with pytest.raises(AddressRefused):
        target_of(url)
    assert rig.ask("PUT", "/v1/webhook", url=url).status == 422


PRIVATE = [
    "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
    "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1", "240.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_called_only_where_the_operator_allows_the_host(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(AddressRefused):
        require_reachable("shop.example", ["93.184.216.34", address], frozenset())
    assert require_reachable("shop.example", [address], frozenset({"shop.example"})) == address


def test_a_public_one_is_called_and_one_without_a_name_is_not() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:4700::1111")
    with pytest.raises(AddressRefused):
        require_reachable("x", [], frozenset({"x"}))


@given(st.text("aZ09:/@[]%\\.#?-_ \u00e9\u2100\n", max_size=40))
def test_whatever_is_written_is_a_target_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://shop.example/{text}"):
        with suppress(AddressRefused):
            assert target_of(url).path.isascii()


def test_a_receiver_that_hangs_holds_up_nobody_else_and_what_was_not_noted_waits_before_it_goes_again() -> None:
    noted: list[str] = []
    both = asyncio.Event()

    async def post(one: Sending) -> tuple[int, str]:
        await (asyncio.Event().wait() if one.app == "hangs" else asyncio.sleep(0))
        return 200, ""

    async def note(one: Sending, status: int, fault: str) -> bool:
        noted.append(one.app)
        if len(noted) == 2:
            both.set()
        return one.app == "a"

    async def run() -> None:
        senders = Senders(post, note)
        for app in ("hangs", "a", "b", "a"):
            senders.send(Sending((1, app, 0, 0, 0, 0, "", 0), URL, {}, b"", frozenset()))
        await both.wait()
        assert senders.on_way == {"hangs", "b"}
        await senders.end()
        assert (sorted(noted), senders.on_way) == (["a", "b"], frozenset())

    asyncio.run(run())
