"""Who is not drained before a holiday, and which one it is, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from cloud.ledger.fleet.draining import Undrained
from shared.clocks.school_days import Span
from shared.words.voice import Text

_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000
_FIRST_DAY = date(2000, 1, 1).toordinal()


def holiday_lines(found: Sequence[Undrained], next_one: Span | None, today: int, terminals: int) -> Iterator[str]:
    """The holiday, then everyone by name."""
    if next_one is not None:
        yield str(_holiday(next_one, today))
    if not found:
        yield str(Text(f"已收齐，可断电：{terminals} 台终端", f"drained, the power may go: {terminals} terminals"))
        return
    yield str(Text(f"未收齐 {len(found)} 处，请勿断电：", f"{len(found)} not drained, leave the power on:"))
    yield from (str(_line(one)) for one in found)


def holiday_json(found: Sequence[Undrained], next_one: Span | None) -> dict[str, Any]:
    """Days as people write them; silent_ms null: never heard."""
    holiday = next_one and {"name": next_one.name, "first": _day(next_one.first), "last": _day(next_one.last)}
    rows = [
        {
            "name": one.name, "box": one.box, "place": one.place, "kind": "box" if one.is_box else "terminal",
            "silent_ms": None if one.silent_ms < 0 else one.silent_ms, "records": one.records,
            "open_slots": one.open_slots,
        }
        for one in found
    ]  # fmt: skip
    return {"drained": not found, "holiday": holiday, "undrained": rows}


def _line(one: Undrained) -> Text:
    kind = Text("网关", "box") if one.is_box else Text("终端", "terminal")
    why = [*_reasons(one)]
    zh, en = "，".join(text.zh for text in why), ", ".join(text.en for text in why)
    return Text(f"  {kind.zh} {one.name}  {one.place}：{zh}", f"  {kind.en} {one.name}  {one.place}: {en}")


def _reasons(one: Undrained) -> Iterator[Text]:
    if one.silent_ms < 0:
        yield Text("从未连接", "never heard")
    elif one.silent_ms:
        yield Text(f"已 {_long(one.silent_ms).zh} 未联系", f"silent for {_long(one.silent_ms).en}")
    if one.records:
        yield Text(f"还有 {one.records} 笔流水", f"{one.records} records to come")
    if one.open_slots:
        yield Text(f"{one.open_slots} 笔未确认", f"{one.open_slots} not confirmed")
    if not (one.silent_ms or one.records or one.open_slots):
        yield Text("状态未知", "unknown")


def _long(ms: int) -> Text:
    if ms < _HOUR_MS:
        return Text(f"{max(1, ms // _MINUTE_MS)} 分钟", f"{max(1, ms // _MINUTE_MS)} min")
    return Text(f"{ms // _HOUR_MS} 小时", f"{ms // _HOUR_MS} h")


def _holiday(one: Span, today: int) -> Text:
    first, last, days = _day(one.first), _day(one.last), one.first - today
    when = Text(f"还有 {days} 天", f"in {days} days") if days > 0 else Text("正在放假", "it is now")
    return Text(f"{one.name} {first} 至 {last}，{when.zh}", f"{one.name}, {first} to {last}, {when.en}")


def _day(number: int) -> str:
    return date.fromordinal(_FIRST_DAY + number).isoformat()
