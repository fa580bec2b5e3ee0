"""What a broker says of itself: mosquitto's $SYS topics. Of the embedded one, which says nothing, nothing is known.

Pure.
"""

from collections.abc import Iterator

from cloud.watch.metrics.points import Point, Value
from cloud.watch.metrics.series import BROKER, BROKER_TOPICS

DIGITS_MAX = 18


class BrokerSays:
    """The newest word on each."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {}

    def hear(self, topic: str, payload: bytes) -> bool:
        """Was it one of these? What is no number is not."""
        name = BROKER_TOPICS.get(topic)
        text = payload.decode("ascii", "replace").strip()
        if name is None or not text.isascii() or not text.isdecimal() or len(text) > DIGITS_MAX:
            return False
        self._values[name] = int(text)
        return True

    def lost(self) -> None:
        """What it said is not how it is any more."""
        self._values.clear()

    def points(self, now_ms: int, *, is_up: bool) -> Iterator[Point]:
        """is_up: does our own session stand?"""
        values = {"broker-heard": int(is_up), **self._values}
        yield Point(BROKER, "", tuple(values.items()), now_ms)
