"""How somebody is bound for the first time, as the school has chosen: DATA/cloud/wallet.toml.

    binding = "letter"    # the code of the letter that the school handed out; "birth" without the file

Read at a start of the accounts service. What others know of somebody is his birth; a letter they do not have.
"""

import tomllib
from enum import StrEnum
from pathlib import Path

from cloud.process.given_file import read_given
from shared.errors import ConfigFault
from shared.input.section import Section
from shared.words.voice import Text

FILE, FILE_MAX = "wallet.toml", 16 * 1024


class Binding(StrEnum):
    """What is asked for beside number and name."""

    BIRTH = "birth"
    LETTER = "letter"


def read_binding(folder: Path) -> Binding:
    """Of the cloud's folder. ConfigFault."""
    file = folder / FILE
    if not file.exists():
        return Binding.BIRTH
    try:
        top = Section(tomllib.loads(read_given(file, FILE_MAX).decode()), file=FILE)
    except ValueError as fault:
        raise ConfigFault(Text(f"{FILE}: 不是 TOML", f"{FILE}: not TOML")) from fault
    told = top.take("binding", str, Binding.BIRTH.value)
    top.done()
    if told not in set(Binding):
        raise ConfigFault(Text(f"{FILE}: binding 应为 letter 或 birth", f"{FILE}: binding must be letter or birth"))
    return Binding(told)
