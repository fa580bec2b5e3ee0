"""What is told of refusals and take-overs: one fact for each in a span, with all that there was."""

from cloud.ingest.quotas import notices as module
from cloud.ingest.quotas.notices import AGAIN_S, Notices
from cloud.ingest.ticket import Notice
from shared.facts.books import MessagesRefused, MessagesSlowed, SessionTaken
from shared.ids import BoxId

A, B, PLATFORM = BoxId("a"), BoxId("b"), BoxId("")


def test_a_flood_is_one_fact_of_each_box_and_lane_in_a_span() -> None:
    notices = Notices()
    for _ in range(500):
        notices.refuse(A, "now")
    notices.refuse(A, "money")
    notices.refuse(B, "now")
    first = [Notice(A, MessagesRefused("now", 500)), Notice(A, MessagesRefused("money", 1)),
             Notice(B, MessagesRefused("now", 1))]  # fmt: skip
    assert [*notices.due(100.0)] == first
    for _ in range(70):
        notices.refuse(A, "now")
    assert notices.due(100.0 + AGAIN_S / 2) == ()
    assert notices.due(100.0 + AGAIN_S) == (Notice(A, MessagesRefused("now", 70)),)
    assert notices.due(100.0 + 9 * AGAIN_S) == ()
    assert notices.refused == {"now": 571, "money": 1}


def test_a_take_over_is_told_at_once_and_its_repeats_with_their_number() -> None:
    notices = Notices()
    notices.taken("now.bus-1")
    assert notices.due(0.0) == (Notice(PLATFORM, SessionTaken("now.bus-1", 1)),)
    for _ in range(3):
        notices.taken("now.bus-1")
    assert notices.due(1.0) == ()
    assert notices.due(AGAIN_S) == (Notice(PLATFORM, SessionTaken("now.bus-1", 3)),)
    assert notices.taken_over == 4


def test_who_is_read_slowly_is_told_apart_from_who_is_refused() -> None:
    notices = Notices()
    notices.refuse(A, "now")
    for _ in range(5):
        notices.slow(A, "now")
    assert notices.due(0.0) == (Notice(A, MessagesRefused("now", 1)), Notice(A, MessagesSlowed("now", 5)))
    assert (notices.refused, notices.slowed) == ({"now": 1}, {"now": 5})


def test_too_many_names_are_counted_under_nobodys(monkeypatch) -> None:
    monkeypatch.setattr(module, "NAMES_MAX", 2)
    notices = Notices()
    for n in range(6):
        notices.refuse(BoxId(f"box-{n}"), "now")
    told = notices.due(0.0)
    assert [notice.sender for notice in told] == ["box-0", "box-1", PLATFORM]
    assert told[-1].told == MessagesRefused("now", 4)
