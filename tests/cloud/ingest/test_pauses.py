"""The pause between attempts."""

from cloud.ingest.pauses import PAUSE_MAX_S, PAUSE_MIN_S, pause_s


def test_the_pause_doubles_and_is_bounded() -> None:
    pauses = [pause_s(n) for n in range(10)]
    assert pauses == sorted(pauses)
    assert pauses[:3] == [PAUSE_MIN_S, 2 * PAUSE_MIN_S, 4 * PAUSE_MIN_S]
    assert pause_s(10**9) == PAUSE_MAX_S
