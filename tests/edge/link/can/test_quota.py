"""A terminal that sends without end leaves room for the others."""

from edge.link.can.quota import BURST_S, SHARE, Quota, frames_per_s


def test_no_more_than_its_share_passes_and_each_stretch_is_counted_once():
    quota, sent = Quota(frames_per_s(125_000)), 0
    for ms in range(10_000):
        while quota.has_room(ms / 1000):
            quota.take()
            sent += 1
    assert sent <= frames_per_s(125_000) * (10 + BURST_S) + 1
    assert frames_per_s(125_000) == SHARE * 125_000 / 136
    assert quota.held > 1
    quiet = Quota(10.0)
    assert quiet.has_room(0.0)
    assert quiet.held == 0
