"""What a school has chosen for its wallet: DATA/cloud/wallet.toml.

    binding = "letter"                       # the code of a letter that it handed out; "birth" without the file
    address = "https://wallet.school.cn"     # as phones see it: in one-time links, letters, passkeys

Read at a start of the accounts service, and by each command and page that makes a link or a letter. What others know of
somebody is his birth; a letter they do not have.
"""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cloud.process.given_file import read_given
from shared.errors import ConfigFault
from shared.input.section import Section
from shared.words.voice import Text

FILE, FILE_MAX = "wallet.toml", 16 * 1024
DEMONSTRATION = "https://127.0.0.1:8453"
"""The wallet of `./ykt up`, for links and letters where neither the file nor the command names another."""


class Binding(StrEnum):
    """How somebody is bound for the first time: what is asked for beside number and name."""

    BIRTH = "birth"
    LETTER = "letter"


class WalletSettings(NamedTuple):
    """address: '' where the school has not said."""

    binding: Binding = Binding.BIRTH
    address: str = ""


def read_wallet(folder: Path) -> WalletSettings:
    """Of the cloud's folder. ConfigFault."""
    file = folder / FILE
    if not file.exists():
        return WalletSettings()
    try:
        top = Section(tomllib.loads(read_given(file, FILE_MAX).decode()), file=FILE)
    except ValueError as fault:
        raise ConfigFault(Text(f"{FILE}: 不是 TOML", f"{FILE}: not TOML")) from fault
    told, address = top.take("binding", str, Binding.BIRTH.value), top.take("address", str, "").rstrip("/")
    top.done()
    if told not in set(Binding):
        raise ConfigFault(Text(f"{FILE}: binding 应为 letter 或 birth", f"{FILE}: binding must be letter or birth"))
    if address and not is_origin(address):
        raise ConfigFault(
            Text(f"{FILE}: address 应为 https://域名，可带端口", f"{FILE}: address must be https://NAME, maybe a port")
        )
    return WalletSettings(Binding(told), address)


def is_origin(text: str) -> bool:
    """https, a name, maybe a port; nothing behind them."""
    try:
        found = urlsplit(text)
        whole = text == f"https://{found.netloc}" and "@" not in text
        return whole and bool(found.hostname)
    except ValueError:
        return False
