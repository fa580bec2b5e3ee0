"""What an alarm may be linked to: a job or a roll-out of the fleet, a difference or a load case of the ledger; it must
be there."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cloud.commands.opening import wall_now
from cloud.ledger.read.reader import LIST_MAX, Reader, open_reader
from cloud.process.settings import load_settings
from shared.errors import ConfigFault
from shared.words.voice import Text

FORMS = "job:7, rollout:2, difference:31, load:load-1/12"


def require_there(data: Path, dsn: str | None, to: str) -> None:
    """ConfigFault: it is no such name, or there is none in the ledger. StoreFault: the ledger cannot be read."""
    kind, _, name = to.partition(":")
    if kind not in _KINDS or not name:
        raise ConfigFault(f"--to {to[:40]}: {Text(f'应如 {FORMS}', f'as {FORMS}')}")
    with closing(open_reader(load_settings(data).books(dsn))) as reader:
        if not _KINDS[kind](reader, name):
            raise ConfigFault(Text(f"没有 {to[:60]}", f"there is no {to[:60]}"))


def _is_job(reader: Reader, name: str) -> bool:
    return name.isdecimal() and reader.job(int(name), wall_now()) is not None


def _is_rollout(reader: Reader, name: str) -> bool:
    return name.isdecimal() and reader.rollout(int(name), wall_now()) is not None


def _is_difference(reader: Reader, name: str) -> bool:
    return any(str(one.number) == name for one in reader.differences())


def _is_load(reader: Reader, name: str) -> bool:
    """By terminal and request, as `cloud loads` lists it; of the newest LIST_MAX."""
    terminal, _, request = name.partition("/")
    return any(
        terminal in (one.terminal, one.device.hex()) and str(one.request) == request
        for one in reader.load_standings(wall_now(), LIST_MAX)
    )


_KINDS: dict[str, Callable[[Reader, str], bool]] = {
    "job": _is_job, "rollout": _is_rollout, "difference": _is_difference, "load": _is_load,
}  # fmt: skip
