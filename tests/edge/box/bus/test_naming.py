"""Verdicts from counters alone, and the wrong rule that everybody tries first."""

import pytest

from edge.box.bus.naming import EDGE, Culprit, Grown, name_culprit
from tests.edge.bus_rig import BusField

SOUND = {n: Grown(0, 0, 400) for n in range(1, 6)}


def grown(**rows: Grown) -> dict[int, Grown]:
    return {EDGE: Grown(0, 0, 1000)} | SOUND | {int(name[1:]): one for name, one in rows.items()}


@pytest.mark.parametrize(("rows", "fault", "address"), [
    ({}, Culprit.QUIET, 0),
    ({"n3": Grown(7 * 8, 0, 400)}, Culprit.QUIET, 0),
    ({"n3": Grown(40 * 8, 0, 400, 1)}, Culprit.SENDER, 3),
    ({"n1": Grown(80, 70, 400), "n2": Grown(160, 60, 400), "n3": Grown(0, 700, 400)}, Culprit.RECEIVER, 3),
    ({"n1": Grown(80, 700, 400), "n2": Grown(160, 690, 400)}, Culprit.UNKNOWN, 0),
    ({f"n{n}": Grown(8 * 8, 30, 400) for n in range(6)}, Culprit.LINE, 0),
    ({f"n{n}": Grown(8 * 8, 30, 400 + 400 * n) for n in range(6)}, Culprit.LINE, 0),
])  # fmt: skip
def test_verdicts(rows, fault, address):
    named = name_culprit(grown(**rows))
    assert (named.fault, named.address) == (fault, address)


def test_who_sends_nearly_everything_is_not_named_for_having_all_the_errors():
    """On a bad line the errors go with the traffic."""
    rows = {0: Grown(40 * 8, 2, 4000), 1: Grown(0, 40, 30), 2: Grown(0, 40, 30), 3: Grown(0, 40, 30)}
    assert name_culprit(rows).fault is Culprit.UNKNOWN


def test_who_has_most_errors_is_not_named_where_the_others_have_as_many_for_what_they_send():
    rows = {0: Grown(40 * 8, 2, 4000)} | {n: Grown(2 * 8, 40, 200) for n in range(1, 6)}
    assert name_culprit(rows).fault in (Culprit.LINE, Culprit.UNKNOWN)


def test_a_line_is_not_blamed_while_somebody_says_nothing():
    rows = {n: Grown(8 * 8, 30, 400) for n in range(6)}
    assert name_culprit(rows, silent=0).fault is Culprit.LINE
    assert name_culprit(rows, silent=1).fault is Culprit.UNKNOWN


def test_one_that_has_gone_is_named_only_if_all_others_have_merely_heard_of_errors():
    rows = {n: Grown(0, 30, 400) for n in range(6)}
    assert name_culprit(rows, away=[9]).fault is Culprit.SENDER
    assert name_culprit(rows, away=[8, 9]).fault is Culprit.QUIET
    assert name_culprit(rows | {1: Grown(0, 300, 400)}, away=[9]).fault is Culprit.QUIET


def test_two_nodes_alone_accuse_nobody_of_misreading():
    assert name_culprit({EDGE: Grown(0, 300, 400), 1: Grown(80, 0, 400)}).fault is not Culprit.RECEIVER


def test_the_rule_who_is_off_is_it_would_name_an_innocent():
    """Planted: this is what is said of a bus where only bus-off is looked at."""
    field = BusField(6)
    field.open()
    field.sell_every_s = 0.4
    field.fault(5, misreading=0.25)
    field.go(30)
    most_off = max(field.hung, key=lambda n: field.hung[n].health.offs)
    assert field.hung[most_off].health.offs > 0
    assert most_off != 5
    assert {(row["case"], row["address"]) for row in field.told("bus-culprit")} == {("receiver", 5)}
