"""A framebuffer as a file: its geometry, its stride, and only the rows that changed."""

import os

import pytest

from edge.terminal.front.glass import Geometry, Glass, stated
from shared.errors import ConfigFault


def test_rows_lie_where_the_stride_says(tmp_path):
    glass = Glass(tmp_path / "fb", Geometry(4, 3, 16, 12, at=24))
    glass.put(bytes(range(24)))
    raw = (tmp_path / "fb").read_bytes()
    assert len(raw) == 24 + 36
    assert raw[24:32] == bytes(range(8))
    assert raw[32:36] == bytes(4), "what lies beside the picture is not ours"
    assert raw[36:44] == bytes(range(8, 16))
    glass.close()


def test_only_what_changed_is_written(tmp_path):
    glass = Glass(tmp_path / "fb", stated("10x10x32"))
    first = bytes(400)
    glass.put(first)
    os.pwrite(glass._fd, b"x" * 400, 0)
    glass.put(first[:80] + b"y" * 120 + first[200:])
    assert (tmp_path / "fb").read_bytes() == b"x" * 80 + b"y" * 120 + b"x" * 200
    glass.close()


@pytest.mark.parametrize("row", [0, 4, 9])
def test_a_row_is_never_written_alone(tmp_path, row):
    """Linux takes exactly one whole row for no change at all: the display would keep what it showed."""
    glass = Glass(tmp_path / "fb", stated("10x10x32"))
    first = bytearray(400)
    glass.put(bytes(first))
    os.pwrite(glass._fd, b"x" * 400, 0)
    first[row * 40 : row * 40 + 40] = b"y" * 40
    glass.put(bytes(first))
    raw = (tmp_path / "fb").read_bytes()
    assert raw[row * 40 :][:40] == b"y" * 40
    assert raw.count(b"x") == 320
    glass.close()


@pytest.mark.parametrize("text", ["480", "480x320", "480x320x24", "0x0x16", "-1x320x16", "48000x320x16"])
def test_sizes_that_are_none(text):
    with pytest.raises(ConfigFault):
        stated(text)


def test_what_is_no_framebuffer_is_refused_in_words(tmp_path):
    with pytest.raises(ConfigFault, match="显示屏打不开"):
        Glass(tmp_path / "nothing")
    (tmp_path / "plain").write_bytes(b"")
    with pytest.raises(ConfigFault, match="显示屏打不开"):
        Glass(tmp_path / "plain")
