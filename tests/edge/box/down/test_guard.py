"""The guard of a bus: what others say counts as well, and a burst of theirs is not held against it for ever."""

from edge.box.down.guard import CREDIT_BITS, WINDOW_S, BusGuard

BITRATE, SHARE, FRAME = 125_000, 0.8, 136


def test_a_broadcast_alone_fills_its_share_and_no_more():
    guard, now_s, sent = BusGuard(BITRATE, SHARE, 0.0), 0.0, 0
    while now_s < 10.0:
        if guard.has_room(now_s):
            guard.seen(FRAME, now_s)
            sent += FRAME
        now_s += 0.0002
    assert 0.75 * BITRATE * 10 < sent <= SHARE * BITRATE * 10 + FRAME + CREDIT_BITS


def test_what_others_say_leaves_it_less():
    guard, now_s, sent = BusGuard(BITRATE, SHARE, 0.0), 0.0, 0
    others = 0
    while now_s < 10.0:
        if others * 2 < BITRATE * now_s:
            guard.seen(FRAME, now_s)
            others += FRAME
        if guard.has_room(now_s):
            guard.seen(FRAME, now_s)
            sent += FRAME
        now_s += 0.0002
    assert sent + others <= SHARE * BITRATE * 10 + 2 * FRAME + CREDIT_BITS
    assert sent > 0.2 * BITRATE * 10


def test_after_a_burst_of_others_it_goes_on_within_the_window():
    guard = BusGuard(BITRATE, SHARE, 0.0)
    for _ in range(10_000):
        guard.seen(FRAME, 1.0)
    assert not guard.has_room(1.0)
    assert guard.due_s(1.0) == 1.0 + WINDOW_S
    assert guard.has_room(1.0 + WINDOW_S)
