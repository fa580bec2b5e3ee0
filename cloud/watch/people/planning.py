"""Work that people plan: on what it may be."""

from cloud.watch.alarms.groups import Groups
from cloud.watch.alarms.terms import CAMPUS, Kind, Source, source_of
from cloud.watch.readings import Fleet, box_source, things
from shared.errors import ConfigFault
from shared.words.voice import Text


def source_there(groups: Groups, fleet: Fleet | None, text: str) -> Source:
    """ConfigFault: there is no such thing, as far as can be told."""
    try:
        source = source_of(text)
    except ValueError as fault:
        raise ConfigFault(Text(f"不是报警来源：{text}", f"not a source: {text}")) from fault
    is_there = True
    if source.kind is Kind.GROUP and "/" not in source.name:
        is_there = groups.words(source) is not None
    elif fleet is not None and source.kind in (Kind.BOX, Kind.TERMINAL):
        is_there = any(one.source == source for one in things(fleet, 0))
    elif fleet is not None and (source.kind is Kind.BUS or source.kind is Kind.GROUP):
        is_there = any(box_source(source.name.split("/")[0]) == box_source(box.box) for box in fleet.boxes)
    elif source.kind is Kind.CAMPUS:
        is_there = source == CAMPUS
    if not is_there or (source != CAMPUS and not source.name):
        raise ConfigFault(Text(f"没有登记：{text}", f"not registered: {text}"))
    return source
