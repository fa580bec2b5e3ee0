"""Which services the watch is told to look after by its command line."""

import argparse

import pytest

from cloud.watch.app import told_service


def test_a_name_without_a_place_is_looked_at_by_nobody() -> None:
    """So a server's file says it of what its school has not switched on."""
    assert told_service("open=") is None
    found = told_service("open=/run/open.sock")
    assert found is not None
    assert (found.name, str(found.place)) == ("open", "/run/open.sock")
    for wrong in ("open", "", "=", "=/run/open.sock"):
        with pytest.raises(argparse.ArgumentTypeError):
            told_service(wrong)
