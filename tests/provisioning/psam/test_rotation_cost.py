"""What a rotation costs: valid cards of the version, live PSAMs, days at the pace of production."""

from provisioning.plan import numbers
from provisioning.psam.register import PsamEntry, PsamState
from provisioning.psam.rotation_cost import CARDS_A_DAY, PSAMS_A_DAY, cost

NOW = 1_000


def psams(count):
    return [PsamEntry(numbers.psam(1, n), n, (1,), PsamState.STOCK, None, 0) for n in range(1, count + 1)]


def test_only_valid_cards_of_the_version_count():
    found = cost(1, [(1, NOW + 1), (1, NOW), (2, NOW + 9), (1, NOW + 5)], psams(3), NOW)
    assert (found.cards, found.psams, found.last_s) == (2, 3, NOW + 5)


def test_days_are_those_of_production():
    found = cost(1, [(1, NOW + 1)] * (2 * CARDS_A_DAY), psams(PSAMS_A_DAY // 2), NOW)
    assert (found.card_days, found.psam_days) == (2.0, 0.5)


def test_a_version_without_cards_costs_its_psams():
    assert cost(3, [], psams(1), NOW)[:4] == (3, 0, 1, 0)
