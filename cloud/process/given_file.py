"""A file that a person names on a command line: read whole, or refused in words."""

from pathlib import Path

from shared.errors import ConfigFault
from shared.words.refused import why_not
from shared.words.voice import Text


def read_given(file: Path, most: int) -> bytes:
    """ConfigFault when it cannot be read, or has more than so many bytes: no more are taken into memory."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(most + 1)
    except OSError as fault:
        raise ConfigFault(f"{file}: {why_not(fault)}") from fault
    if len(raw) > most:
        raise ConfigFault(Text(f"{file}：超过 {most} 字节", f"{file}: more than {most} bytes"))
    return raw
