import pytest

from shared.errors import WireFault
from shared.ids import box_id
from shared.wire import topics

BOX = box_id("canteen-1")


def test_a_topic_and_back() -> None:
    text = topics.topic(7, BOX, topics.UP_MONEY)
    assert text == "oykt/v1/p07/canteen-1/up/money"
    assert topics.parse(text) == topics.Address(7, BOX, topics.UP_MONEY)


@pytest.mark.parametrize(
    "text",
    ["", "oykt/v2/p07/b/up/money", "oykt/v1/p64/b/up/money", "oykt/v1/p7/b/up/money", "oykt/v1/p07/b/up/other",
     "oykt/v1/p07/b", "oykt/v1/p²7/b/state"],
)  # fmt: skip
def test_foreign_topics_are_refused(text: str) -> None:
    with pytest.raises(WireFault):
        topics.parse(text)


def test_a_box_writes_only_as_itself() -> None:
    rules = topics.acl_rules([(BOX, 7), (box_id("bus-1"), 9)])
    assert all("/canteen-1/" in pattern for _, pattern in rules[BOX])
    assert ("write", "oykt/v1/p07/canteen-1/down/money") not in rules[BOX]
    assert ("write", "oykt/v1/+/+/up/money") not in rules[topics.INGEST_USER]


def test_what_may_be_lost_is_heard_by_the_watch_alone_and_it_says_nothing() -> None:
    rules = topics.acl_rules([(BOX, 7)])
    bulk = "oykt/v1/+/+/up/bulk"
    assert [user for user, rights in rules.items() if ("read", bulk) in rights] == [topics.WATCH_USER]
    assert rules[topics.WATCH_USER] == [("read", bulk), ("read", "$SYS/broker/#")]
    assert ("write", "oykt/v1/p07/canteen-1/up/bulk") in rules[BOX]
