"""What a joined terminal is told of an epoch: never more than it knows of itself, never past a hole."""

from hypothesis import given
from hypothesis import strategies as st

from edge.box.terminals.conversation import EpochView, view_of
from edge.box.values.ranges import Ranges
from edge.box.values.sequences import Sequences
from edge.box.values.streams import Ref, key_of, ref_of, stream_device, stream_epoch, stream_of
from edge.link.messages import AuthEpoch
from shared.records import digest
from tests.edge.rig import device, psam, purchase

STREAM = stream_of(device(1), 3)


def test_stream_and_back():
    assert STREAM == b"\0\1\0\0\0\1\0\3"
    assert (stream_device(STREAM), stream_epoch(STREAM)) == (device(1), 3)
    stored = STREAM + psam(1) + purchase(0x01020304)
    assert ref_of(stored) == Ref(STREAM, 0x01020304)
    assert key_of(stored, digest(stored)) == STREAM + b"\1\2\3\4" + digest(stored)


def test_stored_bytes_begin_with_the_prefix():
    assert EpochView(STREAM, 3, psam(7), 0, Ranges()).prefix == STREAM + psam(7)


@given(st.sets(st.integers(1, 30)), st.integers(1, 31), st.integers(0, 30), st.lists(st.integers(1, 40)))
def test_held_is_contiguous_from_the_terminals_word(rows, oldest, last, more):
    oldest = min(oldest, last + 1)
    sequences = Sequences()
    for seq in rows:
        sequences.keep(Ref(STREAM, seq))
    view = view_of(device(1), AuthEpoch(3, psam(1), oldest, last), sequences)
    known = {seq for seq in rows if seq <= last} | set(range(1, oldest))
    for seq in [0, *more]:
        if seq:
            view.keep(seq)
            known.add(seq)
        top = oldest - 1
        while top + 1 in known:
            top += 1
        assert view.held == top
        assert view.settled(sequences) <= view.held


def test_rebase_skips_what_the_terminal_has_been_told():
    view = EpochView(STREAM, 3, psam(1), 0, Ranges())
    view.keep(5)
    view.rebase(3)
    assert view.held == 3
    view.rebase(4)
    assert view.held == 5
    view.rebase(2)
    assert view.held == 5
