"""What host and node say alike: names of the standard's own metrics, how a sequence runs on, a command. Pure."""

from typing import NamedTuple

from cloud.watch.docking.sparkplug.payload import SEQ_MAX, DataType, Metric, Payload, Value, metric
from cloud.watch.docking.sparkplug.topics import Source

BD_SEQ = "bdSeq"
REBIRTH = "Node Control/Rebirth"
ALIASLESS = (BD_SEQ, REBIRTH)
"""Always called by name: who asks for a birth has no alias yet."""
AHEAD_MAX = (SEQ_MAX + 1) // 2
"""A number so far on or further is one from behind."""


class Command(NamedTuple):
    """What a host wants of a node, or of one of its devices."""

    source: Source
    name: str
    value: Value


def after(number: int) -> int:
    """The next of a sequence, or the next birth's and death's number: 255 is followed by 0."""
    return (number + 1) % (SEQ_MAX + 1)


def bd_metric(bd_seq: int, at_ms: int) -> Metric:
    """The number that ties a birth to its death."""
    return metric(BD_SEQ, DataType.INT64, bd_seq, at_ms)


def bd_seq_of(payload: Payload) -> int | None:
    """That number, of a birth or a death; None: it has none, or one that is none."""
    for one in payload.metrics:
        if one.name == BD_SEQ and one.value is not None and type(one.value.value) is int:
            return one.value.value if one.value.value <= SEQ_MAX else None
    return None
