"""What may be told of an installation: a list of files and, of each, of the fields that may go. All else stays. Pure.

`[]` stands for the rows of a list, `*` for any key of an object. What is no JSON any more tells nothing but that.
"""

import json
from collections.abc import Mapping
from typing import Any

ROWS_MAX = 200
"""Rows of one list; how many more there were is told."""
TEXT_MAX = 200
_COUNTS = (
    "accepted", "unsettled", "settled", "oldest_unsettled_ms", "refused", "faults", "joined", "connected", "connects",
    "revocations", "documents", "rss_kib", "cpu_s", "groups", "readings_dropped", "facts.*", "counters.*",
    "latency_ms.*", "plain[]",
)  # fmt: skip
FILES: Mapping[str, tuple[str, ...]] = {
    "opened.json": ("format", "full", "sm4", "version"),
    "campus/campus.json": ("format", "campus", "demo", "region", "boxes[].box", "boxes[].partition", "cards"),
    "campus/cloud/cloud.json": ("format", "campus", "demo", "mqtt.version", "mqtt.share"),
    "campus/cloud/backup.json": ("format", "finished_ms", "what"),
    "campus/cloud/parts.json": (
        "format", "pid", "ended", "told_ms", "version", "parts.*.state", "parts.*.since_ms", "parts.*.restarts",
        "parts.*.silent", "parts.*.connected", "parts.*.after[]",
    ),
    "campus/boxes/*/edge.json": (
        "format", "box", "partition", "campus", "demo", "hotlist_version", "parameter_version", "links[].name",
        "links[].kind", "links[].bitrate", "links[].baud", "links[].plain", "links[].latency_ms", "terminals[].name",
        "terminals[].kind", "terminals[].link", "terminals[].address", "terminals[].key_version", "outbox.*",
    ),
    "campus/terminals/*/terminal.json": (
        "format", "campus", "demo", "name", "kind", "profile", "box", "key_version", "link.name", "link.kind",
        "link.bitrate", "link.baud",
    ),
    "run/status.json": _COUNTS,
}  # fmt: skip
"""By the place below an installation's folder."""
CONF = ("BOX", "BROKER", "CAN_BITRATE")
"""Of edge.conf."""
ENVIRONMENT = ("LANG", "LC_ALL", "TZ", "YKT_LANG", "YKT_LOG", "YKT_STUCK_S", "container")
"""Variables whose values are told; of all others not even the names."""


def picked(raw: bytes, paths: tuple[str, ...]) -> str:
    """The allowed fields of a JSON file, as JSON."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as fault:
        return json.dumps({"unreadable": type(fault).__name__, "bytes": len(raw)})
    return json.dumps(_part(found, [_steps(path) for path in paths]), ensure_ascii=False, indent=1)


def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.replace("[]", ".[]").split("."))


def _part(value: Any, paths: list[tuple[str, ...]]) -> Any:  # noqa: ANN401  # JSON is anything
    if isinstance(value, dict):
        found = {str(key): _part(one, deeper) for key, one in value.items() if (deeper := _below(str(key), paths))}
        return {key[:TEXT_MAX]: one for key, one in found.items() if one is not None}
    if isinstance(value, list):
        deeper = _below("[]", paths)
        rows = [_part(one, deeper) for one in value[:ROWS_MAX]] if deeper else []
        more = len(value) - ROWS_MAX
        return [*rows, f"… {more} more"] if more > 0 and deeper else rows
    if () not in paths:
        return None
    return value[:TEXT_MAX] if isinstance(value, str) else value


def _below(key: str, paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [path[1:] for path in paths if path and path[0] in (key, "*") and (key != "[]" or path[0] == "[]")]
