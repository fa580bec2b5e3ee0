"""A bucket lets a burst through at once and a rate after it."""

from edge.box.terminals.bucket import Bucket


def test_burst_then_rate():
    bucket = Bucket(2.0, 3, 0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]


def test_never_more_than_the_burst():
    bucket = Bucket(2.0, 3, 0.0)
    assert [bucket.take(1e6) for _ in range(4)] == [True, True, True, False]
