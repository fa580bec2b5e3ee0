"""The public address of a web service, as a setting: https, a host, maybe a port, and nothing behind it. Pure."""

from urllib.parse import urlsplit

from shared.errors import ConfigFault
from shared.words.voice import Text

ADDRESS_MAX = 60
"""Characters: a link made of it is part of an SMS of 70."""
_SAID = Text(
    f"应为 https://主机[:端口]，至多 {ADDRESS_MAX} 个字符",
    f"must be https://HOST[:PORT], {ADDRESS_MAX} characters at most",
)


def web_address(text: str, name: str) -> str:
    """Without a slash at its end; '' stays ''. ConfigFault names the setting, never its value."""
    address = text.removesuffix("/")
    if address and not _is_good(address):
        raise ConfigFault(f"{name}: {_SAID}")
    return address


def _is_good(address: str) -> bool:
    if (
        len(address) > ADDRESS_MAX
        or not address.isascii()
        or not address.isprintable()
        or set(" \\<>\"'") & set(address)
    ):
        return False
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    is_bare = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc or set("?#") & set(address))
    return parts.scheme == "https" and bool(parts.hostname) and port != 0 and is_bare
