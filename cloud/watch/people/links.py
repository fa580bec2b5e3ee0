"""What an alarm may be linked to: a job or a roll-out of the fleet, a difference or a load case of the ledger; it must
be there."""

from collections.abc import Callable

from cloud.ledger.read.reader import LIST_MAX, Reader
from cloud.ledger.records.values import Now
from shared.errors import ConfigFault
from shared.words.voice import Text

FORMS = "job:7, rollout:2, difference:31, load:load-1/12"
NUMBER_MAX = 2**31 - 1
"""No database is asked for a greater one."""


def require_there(reader: Reader, to: str, now: Now) -> None:
    """ConfigFault: it is no such name, or there is none in the ledger. StoreFault: the ledger cannot be read."""
    kind, _, name = to.partition(":")
    if kind not in _KINDS or not name:
        raise ConfigFault(f"--to {to[:40]}: {Text(f'应如 {FORMS}', f'as {FORMS}')}")
    if not _KINDS[kind](reader, name, now):
        raise ConfigFault(Text(f"没有 {to[:60]}", f"there is no {to[:60]}"))


def _number(name: str) -> int | None:
    is_one = name.isascii() and name.isdecimal() and len(name) <= len(str(NUMBER_MAX)) and int(name) <= NUMBER_MAX
    return int(name) if is_one else None


def _is_job(reader: Reader, name: str, now: Now) -> bool:
    number = _number(name)
    return number is not None and reader.fleet.job(number, now) is not None


def _is_rollout(reader: Reader, name: str, now: Now) -> bool:
    number = _number(name)
    return number is not None and reader.fleet.rollout(number, now) is not None


def _is_difference(reader: Reader, name: str, _: Now) -> bool:
    return any(str(one.number) == name for one in reader.differences())


def _is_load(reader: Reader, name: str, now: Now) -> bool:
    """By terminal and request, as `cloud loads` lists it; of the newest LIST_MAX."""
    terminal, _, request = name.partition("/")
    return any(
        terminal in (one.terminal, one.device.hex()) and str(one.request) == request
        for one in reader.load_standings(now, LIST_MAX)
    )


_KINDS: dict[str, Callable[[Reader, str, Now], bool]] = {
    "job": _is_job, "rollout": _is_rollout, "difference": _is_difference, "load": _is_load,
}  # fmt: skip
