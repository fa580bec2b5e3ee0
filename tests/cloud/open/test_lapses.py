"""What no entry of the books tells: an order whose time went by unpaid, an identity that was taken back; each once."""

from contextlib import suppress

from cloud.open.back.site import open_site, take_events
from cloud.open.store.lapses import GRACE_MS
from cloud.wallet.claims import agree, ask_with, withdraw
from tests.cloud.open.rig import Rig

MINUTES = {"valid_s": 600}


def told(rig: Rig, who: str = "mine") -> list[tuple[str, str, int]]:
    take_events(rig.site, rig.now.unix_ms)
    items = rig.ask("GET", "/v1/events", who).value["items"]
    return [(one["type"], one["order"] or one["ask"], one["fen"]) for one in items]


def again(rig: Rig) -> None:
    """A new process over the same files."""
    site = rig.site
    rig.site = open_site(
        site.store, site.people, site.live.ledger, site.sandbox.ledger, site.signer, rig.now.unix_ms
    )  # fmt: skip
    rig.born()


def test_an_order_whose_time_went_by_unpaid_is_told_once_to_its_own_application(rig: Rig) -> None:
    order = rig.order(fen=1250, **MINUTES)
    closed = rig.order(**MINUTES)
    assert rig.ask("POST", f"/v1/orders/{closed}/close").status == 200
    rig.paid(**MINUTES)
    beside = rig.order("try", fen=700, **MINUTES)
    assert [kind for kind, *_ in told(rig)] == ["payment.authorised", "payment.captured"]
    rig.later(600 + GRACE_MS // 1000 - 1)
    assert len(told(rig)) == 2, "a payment may be booked yet"
    rig.later(1)
    assert told(rig)[2:] == [("order.expired", order, 1250)]
    assert told(rig, "try") == [("order.expired", beside, 700)]
    again(rig)
    assert len(told(rig)) == 3
    assert rig.site.store.run("SELECT * FROM lapse") == []


def test_a_kill_between_noting_and_telling_loses_and_doubles_nothing(rig: Rig) -> None:
    rig.order(**MINUTES)
    with suppress(KeyError), rig.site.store.together():
        take_events(rig.site, rig.now.unix_ms)
        raise KeyError
    again(rig)
    take_events(rig.site, rig.now.unix_ms)
    rig.later(700)
    with suppress(KeyError), rig.site.store.together():
        take_events(rig.site, rig.now.unix_ms)
        raise KeyError
    assert [kind for kind, *_ in told(rig)] == ["order.expired"]


def test_what_a_holder_took_back_is_told_once(rig: Rig) -> None:
    made = rig.ask("POST", "/v1/identity/asks", claims=["name"], why="借书").value
    people = rig.site.people
    with people.writing():
        found = ask_with(people, bytes.fromhex(made["token"]))
        assert found is not None
        agreed = agree(people, found, "2026001", {"name": "Lin"}, rig.now.unix_ms)
    assert told(rig) == []
    rig.later(60)
    with people.writing():
        withdraw(people, agreed, rig.now.unix_ms)
    assert told(rig) == told(rig) == [("identity.withdrawn", made["ask"], 0)]
    assert told(rig, "beside") == []
    again(rig)
    assert len(told(rig)) == 1


def test_books_that_were_put_back_are_read_from_their_end_on(rig: Rig) -> None:
    """Else all that happens until they are as long again would be told to nobody."""
    with rig.site.store.writing():
        rig.site.store.run("UPDATE mark SET value = value + 1000 WHERE name IN ('live', 'live orders')")
    again(rig)
    rig.paid(fen=1250)
    order = rig.order(fen=300, **MINUTES)
    told(rig)
    rig.later(700)
    assert [kind for kind, *_ in told(rig)] == ["payment.authorised", "payment.captured", "order.expired"]
    assert told(rig)[-1][1] == order
