"""A keypad's bytes as keys: the kernel's own layout, cut anywhere."""

import random

from edge.terminal.front.presses import KEY, SYN, SYN_DROPPED, SYN_REPORT, Key, Presses, event

DOWN, UP, HELD = 1, 0, 2
NUM_LOCK, KP_7, KP_DOT, KP_ENTER, TOP_7 = 69, 71, 83, 96, 8


def stroke(code):
    """A press and its release, as the kernel reports them."""
    return b"".join(
        event(KEY, code, value) + event(SYN, SYN_REPORT, 0) for value in (DOWN, UP)
    )


def test_the_layout_is_the_kernels():
    assert event(KEY, KP_7, DOWN).hex() == "00" * 16 + "0100" + "4700" + "01000000"


def test_presses_count_and_nothing_else():
    raw = event(KEY, KP_7, DOWN) + event(KEY, KP_7, HELD) * 40 + event(KEY, KP_7, UP) + stroke(TOP_7) + stroke(200)
    assert Presses().feed(raw) == [Key("7"), Key("7")]


def test_a_keypad_that_wraps_each_key_in_num_lock():
    raw = stroke(NUM_LOCK) + stroke(KP_7) + stroke(NUM_LOCK) + stroke(KP_DOT) + stroke(KP_ENTER)
    assert Presses().feed(raw) == [Key("7"), Key.POINT, Key.ENTER]


def test_events_come_in_any_pieces():
    raw = b"".join(map(stroke, (79, 80, 83, 76, 82, 96)))
    rng = random.Random(1)
    for _ in range(50):
        presses, keys, at = Presses(), [], 0
        while at < len(raw):
            step = rng.randint(1, 60)
            keys += presses.feed(raw[at : at + step])
            at += step
        assert "".join(keys) == "12.50enter"


def test_what_the_kernel_dropped_is_not_guessed():
    dropped = event(SYN, SYN_DROPPED, 0) + event(KEY, KP_7, DOWN) + event(SYN, SYN_REPORT, 0)
    assert Presses().feed(dropped + stroke(KP_ENTER)) == [Key.ENTER]
