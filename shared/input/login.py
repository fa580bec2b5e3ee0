"""User and password of a broker that asks for them, from a private file: a command line is seen by every process."""

from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import ConfigFault
from shared.words.refused import why_not
from shared.words.voice import Text

OPTION = "--broker-login"
LOGIN_HELP = Text(
    "消息代理的口令文件：用户、口令各一行", "a private file with user and password of the broker, a line each"
)
_LENGTH_MAX = 128


@dataclass(frozen=True, slots=True)
class Login:
    """Shows its password to nobody."""

    user: str
    password: str = field(repr=False)


def read_login(file: Path | None) -> Login | None:
    """None without a file; ConfigFault, without a word of its content, when others can read it or it is none."""
    if file is None:
        return None
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigFault(f"{OPTION} {file}: {_NOT_PRIVATE}")
        lines = file.read_text(encoding="ascii").splitlines()
    except OSError as fault:
        raise ConfigFault(f"{OPTION} {file}: {_UNREADABLE}: {why_not(fault)}") from fault
    except ValueError:
        raise ConfigFault(f"{OPTION} {file}: {_NO_LOGIN}") from None  # its text may quote the file
    if len(lines) != 2 or not all(0 < len(line) <= _LENGTH_MAX for line in lines):
        raise ConfigFault(f"{OPTION} {file}: {_NO_LOGIN}")
    return Login(*lines)


_NO_LOGIN = Text("应为用户、口令各一行", "must be two lines, user and password")
_NOT_PRIVATE = Text("权限应为 600", "must be readable by its owner only")
_UNREADABLE = Text("无法读取", "cannot be read")
