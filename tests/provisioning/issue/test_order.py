"""Orders: sorted by class, numbered once, equal orders have equal digests."""

import json

import pytest

from provisioning.issue.order import parse_order
from provisioning.issue.production import Span
from shared.errors import ConfigFault

CARDS = [
    {"label": "0103", "name": "丙", "class": "二班"},
    {"label": "0102", "name": "乙", "class": "一班"},
    {"label": "0101", "name": "甲", "class": "一班", "card_class": 2},
]


def order(cards=CARDS, batch="autumn-1", **more):
    return parse_order(json.dumps({"batch": batch, "cards": cards, **more}).encode())


def test_sorted_by_class_and_numbered():
    lines = order().lines
    assert [(line.line, line.group, line.label, line.card_class) for line in lines] == [
        (1, "一班", "0101", 2), (2, "一班", "0102", 1), (3, "二班", "0103", 1),
    ]  # fmt: skip
    assert list(order().groups()) == [("一班", Span(1, 2)), ("二班", Span(3, 3))]
    assert order().line(2).name == "乙"


def test_the_stored_form_is_the_order_again():
    assert parse_order(order().encode()) == order()
    assert order(CARDS[::-1]).digest == order().digest
    assert order(CARDS[:2]).digest != order().digest


@pytest.mark.parametrize(
    ("cards", "batch", "said"),
    [
        ([], "b", "cards: 一张也没有"),
        ([CARDS[0], CARDS[0]], "b", "重复"),
        (CARDS, "B b", "batch"),
        ([CARDS[0] | {"label": " 1"}], "b", "label"),
        ([CARDS[0] | {"label": ""}], "b", "label"),
        ([CARDS[0] | {"card_class": 256}], "b", "card_class"),
        ([CARDS[0] | {"colour": 1}], "b", "colour"),
        ([{"label": "1", "name": "x"}], "b", "class"),
    ],
)
def test_refused(cards, batch, said):
    with pytest.raises(ConfigFault, match=said):
        order(cards, batch)


def test_refused_files():
    with pytest.raises(ConfigFault, match="不是 JSON"):
        parse_order(b"{")
    with pytest.raises(ConfigFault, match="later"):
        order(later=1)
