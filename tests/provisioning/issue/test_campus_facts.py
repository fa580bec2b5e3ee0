"""A new inventory beside the old: who moves up changes nothing of his card."""

from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.issue.campus_facts import CampusFacts
from shared.errors import ConfigFault
from tests.cloud.ledger.campus import inventory

KNOWN = inventory()
FACTS = CampusFacts(Path("nowhere"), KNOWN)


def test_the_order_of_before_is_taken_again_and_brings_the_class() -> None:
    rows = [replace(KNOWN.cards[0], group="高一1班"), KNOWN.cards[1]]
    made = FACTS.with_rows(rows, [], 0)
    assert [row.group for row in made.cards] == ["高一1班", *[""] * 7]
    again = CampusFacts(FACTS.data, made).with_rows([replace(rows[0], group=""), rows[1]], [], 0)
    assert (again.number, again.cards) == (3, made.cards)


def test_another_card_under_a_known_number_is_refused_whatever_its_class() -> None:
    with pytest.raises(ConfigFault, match="已在清单中"):
        FACTS.with_rows([replace(KNOWN.cards[0], group="高一1班", key_version=2)], [], 0)
