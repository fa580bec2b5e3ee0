"""The id plan of the bus: fields, who is who, what a controller lets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.can.frame import EXTENDED, REMOTE
from edge.link.can.ids import (
    FUNCTIONAL,
    AddressError,
    CanId,
    acceptance_filters,
    is_terminal,
    parse_id,
    require_node_address,
)

EDGE, LOWEST, HIGHEST = 0xF0, 0x01, 0xDF


def test_frozen_ids():
    assert CanId(6, EDGE, 0x01).word == EXTENDED | 0x18DAF001
    assert CanId(3, 0x07, EDGE).word == EXTENDED | 0x0CDA07F0
    assert CanId(2, 0xFF, EDGE, FUNCTIONAL).word == EXTENDED | 0x08DBFFF0


@given(st.integers(0, 7), st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.integers(0, 3))
def test_fields_come_back(priority, target, source, form, page):
    id_ = CanId(priority, target, source, form, page)
    assert parse_id(id_.word) == id_


@pytest.mark.parametrize("id_", [CanId(8, 1, 1), CanId(0, 256, 1), CanId(0, 1, -1), CanId(0, 1, 1, page=4)])
def test_a_field_too_wide_is_refused(id_):
    with pytest.raises(AddressError):
        _ = id_.word


@pytest.mark.parametrize("address", [0x00, 0xE0, 0xEF, 0xF1, 0xFE, 0xFF, -1, 256])
def test_no_node_lives_at_other_addresses(address):
    assert not is_terminal(address)
    with pytest.raises(AddressError):
        require_node_address(address)


def test_nodes_live_at_these():
    for address in (LOWEST, HIGHEST, EDGE):
        require_node_address(address)


@pytest.mark.parametrize(("word", "passes"), [
    (CanId(6, 0x07, EDGE).word, True),
    (CanId(0, 0x07, 0x55).word, True),
    (CanId(2, 0xFF, EDGE, FUNCTIONAL).word, True),
    (CanId(6, 0x08, EDGE).word, False),
    (CanId(6, 0xFF, EDGE).word, False),
    (CanId(6, 0x07, EDGE, FUNCTIONAL).word, False),
    (CanId(6, 0x07, EDGE, page=2).word, False),
    (CanId(6, 0x07, EDGE).word | REMOTE, False),
    (CanId(6, 0x07, EDGE).word & 0x7FF, False),
])  # fmt: skip
def test_what_terminal_7_hears(word, passes):
    assert any(one.accepts(word) for one in acceptance_filters(0x07)) is passes
