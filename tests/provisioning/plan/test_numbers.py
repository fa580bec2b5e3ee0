"""Identities made from numbers, and back: a PSAM of another campus, or numbered by nobody, has no number of ours."""

import pytest

from provisioning.plan.numbers import card, card_serial, city, device, psam, psam_number
from shared.errors import ConfigFault
from shared.ids import PsamId


def test_frozen_identities():
    """Cards and terminals in the field bear them."""
    assert city(0x4403).hex() == "4403"
    assert card_serial(0x4403, 0x0102, 12).hex() == "440301020000000c"
    assert card(0x4403, 0x0102, 12).hex() == "0102440301020000000c"
    assert (device(0x0102, 3).hex(), psam(0x0102, 3).hex()) == ("010200000003", "010250000003")


def test_a_psam_has_its_number_back():
    assert [psam_number(1, psam(1, number)) for number in (1, 2, 60_000)] == [1, 2, 60_000]


@pytest.mark.parametrize("foreign", [psam(2, 1), psam(1, 0), PsamId(psam(1, 1)[:2] + bytes(4))])
def test_any_other_psam_is_refused(foreign):
    with pytest.raises(ConfigFault, match="不是本校的"):
        psam_number(1, foreign)
