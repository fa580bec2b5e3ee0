"""What adapters read alike: JSON objects, sums in yuan, times of China. Pure; what is not so is a ProviderFault."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cloud.payments.providers.interface import FileFault, ProviderFault

CHINA = timezone(timedelta(hours=8))
"""Providers tell days and times of China, whatever the campus clock shows."""
_YUAN = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,2}))?")
ROWS_MAX = 500_000
_Read = TypeVar("_Read")
SUM_MAX_FEN = 10**11
"""Of one payment; fen_of_yuan has no more places."""
REASON_MAX = 80
"""Characters of why a refund is made, as every provider takes them."""


def an_object(raw: bytes) -> dict[str, Any]:
    """A JSON object in which no name stands twice, or a fault: of two values one was not meant by whoever signed."""
    try:
        said = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ProviderFault("not JSON") from None
    if not isinstance(said, dict):
        raise ProviderFault("not an object")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ProviderFault("a name stands twice in an object", is_forged=True)
    return said


def of_a_file(read: Callable[[], _Read]) -> _Read:
    """What is read of a file that has come; whatever is wrong with it is a FileFault."""
    try:
        return read()
    except ProviderFault as fault:
        raise FileFault(str(fault), is_forged=fault.is_forged) from None


def back_of(notify_url: str) -> str:
    """Where a payer's browser comes back to: the wallet, which has the callbacks, too."""
    place = urlsplit(notify_url)
    return f"{place.scheme}://{place.netloc}/?paid=1"


def text_of(said: dict[str, Any], key: str, most: int = 64) -> str:
    """A short text that must be there."""
    value = said.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        raise ProviderFault(f"{key}: missing")
    return value


def fen_of_yuan(text: str) -> int:
    """`12.30` is 1230; below zero as the file says."""
    found = _YUAN.fullmatch(text.strip())
    if found is None:
        raise ProviderFault("a sum is no sum")
    sign, whole, part = found.groups()
    fen = int(whole) * 100 + int((part or "0").ljust(2, "0"))
    return -fen if sign else fen


def fee_of_yuan(text: str) -> int:
    """As fen_of_yuan: fees are told with more places, all of them 0 behind the second."""
    whole, dot, part = text.strip().partition(".")
    if set(part[2:]) - {"0"}:
        raise ProviderFault("a fee of parts of a fen")
    return fen_of_yuan(f"{whole}{dot}{part[:2]}")


def a_sum(fen: object) -> int:
    """Fen as JSON has them: whole, more than nothing, and no more than a book holds."""
    if type(fen) is not int or not 0 < fen <= SUM_MAX_FEN:
        raise ProviderFault("no sum")
    return fen


def yuan_of_fen(fen: int) -> str:
    """As providers take it."""
    return f"{fen // 100}.{fen % 100:02d}"


def unix_of_china(text: str) -> int:
    """`2026-11-27 12:01:02`."""
    try:
        return int(datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).timestamp())
    except ValueError:
        raise ProviderFault("a time is no time") from None


def unix_of_rfc3339(text: str) -> int:
    """`2026-11-27T12:01:02+08:00`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ProviderFault("a time is no time") from None
    if found.tzinfo is None:
        raise ProviderFault("a time without a zone")
    return int(found.timestamp())


def rfc3339(unix_s: int) -> str:
    """In China."""
    return datetime.fromtimestamp(unix_s, CHINA).isoformat(timespec="seconds")


def china_text(unix_s: int) -> str:
    """`2026-11-27 12:01:02`."""
    return datetime.fromtimestamp(unix_s, CHINA).strftime("%Y-%m-%d %H:%M:%S")


def china_day(unix_s: int) -> str:
    """`2026-11-27`."""
    return datetime.fromtimestamp(unix_s, CHINA).strftime("%Y-%m-%d")


def rows_of(text: str) -> Iterator[list[str]]:
    """Cells of a CSV, without what providers put around them against spreadsheets: backticks, tabs, spaces."""
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text), strict=True)):
            if number > ROWS_MAX:
                raise ProviderFault("a bill is too long")
            yield [cell.strip().removeprefix("`").strip() for cell in row]
    except csv.Error:
        raise ProviderFault("a bill is no CSV") from None
