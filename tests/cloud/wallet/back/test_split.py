"""The split in the hand: seen by a guardian, ordered and called off by the holder alone, once under a key."""

import pytest

from tests.cloud.wallet.rig import CHILD, Rig, add_child

KEY, OTHER, THIRD = "00" * 16, "11" * 16, "22" * 16


@pytest.fixture
def pupil(rig: Rig) -> Rig:
    """The child has signed in, too, and ¥50 are in his account."""
    add_child(rig, 50_00)
    assert rig.ask("split", "child") == "consent-needed"
    assert rig.ask("consent", "mother", holder=CHILD[0], given=True)["consented"]
    return rig


def test_a_load_is_ordered_once_and_called_off(pupil: Rig) -> None:
    before = pupil.ask("split", "mother", holder=CHILD[0])
    assert (before["own"], before["ordered_fen"], before["online_fen"]) == (False, 0, 50_00)
    assert pupil.ask("split/order", "mother", holder=CHILD[0], key=KEY, fen=10_00) == "not-yours"
    for _ in range(2):
        assert pupil.ask("split/order", "child", key=KEY, fen=10_00)["ordered_fen"] == 10_00
    assert pupil.ask("split", "child")["due_fen"] == 10_00
    assert pupil.ask("split/order", "child", key=OTHER, fen=50_01) == "not-orderable"
    assert pupil.ask("split/order", "child", key=THIRD, fen=0)["ordered_fen"] == 0
