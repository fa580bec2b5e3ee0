"""What stands below what: a terminal on its bus or in its group, both at a box, boxes of the campus. Pure."""

from collections.abc import Iterable, Mapping

from cloud.watch.alarms.terms import CAMPUS, Source

DEPTH_MAX = 8
"""Steps upward; what would go on (a circle in what was told) ends there."""


class Topology:
    """above: of each source those right above it; what is not named stands below the campus alone."""

    def __init__(self, above: Mapping[Source, tuple[Source, ...]] | None = None) -> None:
        self._above = dict(above or {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topology) and self._above == other._above

    __hash__ = None  # type: ignore[assignment]  # it may be large, and nobody keys by it

    def over(self, source: Source) -> Iterable[Source]:
        """Everything above it, the nearest first, each once; the campus last."""
        seen: dict[Source, None] = {}
        level: tuple[Source, ...] = (source,)
        for _ in range(DEPTH_MAX):
            level = tuple(up for one in level for up in self._above.get(one, ()) if up not in seen and up != source)
            if not level:
                break
            seen.update(dict.fromkeys(level))
        if source != CAMPUS:
            seen.setdefault(CAMPUS)
        return seen
