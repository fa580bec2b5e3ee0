"""What a fact tells, on the wire: an array of [name, value], or the text that a box of before tells instead.

Refuses, with WireFault, more than is bounded and a name that stands twice; which codes and names there are is the
catalogue's matter (shared/facts), and a newer box may know more of them.
"""

from typing import Any

from shared.errors import WireFault
from shared.facts.told import BYTES_MAX, NAME_MAX, PARAMS_MAX, TEXT_MAX, Params, Value
from shared.wire import codec


def pack_told(told: Params | str) -> list[list[Value]] | str:
    """As it stands in a message."""
    return told if isinstance(told, str) else [[name, value] for name, value in told]


def read_told(raw: list[Any] | str) -> Params | str:
    """What stands in a message."""
    if isinstance(raw, str):
        return raw
    if len(raw) > PARAMS_MAX:
        raise WireFault(f"fact: {len(raw)} parameters")
    told = tuple(_parameter(pair) for pair in raw)
    if len({name for name, _ in told}) < len(told):
        raise WireFault("fact: a parameter twice")
    return told


def _parameter(pair: Any) -> tuple[str, Value]:  # noqa: ANN401  # straight from CBOR
    name, value = codec.fields(pair, str, (int, str, bytes), what="a fact's parameter")
    if not 0 < len(name) <= NAME_MAX:
        raise WireFault(f"fact: a name of {len(name)} characters")
    if not isinstance(value, int) and len(value) > (TEXT_MAX if isinstance(value, str) else BYTES_MAX):
        raise WireFault(f"fact: a parameter of {len(value)}")
    return name, value
