"""Finds what a desk needs beside its card: the centre's address, the cashier's token, the authority's certificate.

Options say it; else what runs beside this data folder (/proc) and what stands in it. Nothing found is no line to the
ledger, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.desk.doors.centre import Centre
from edge.terminal.station import running
from shared.errors import ConfigFault
from shared.words.voice import Text

CLOUD = "cloud"


@dataclass(frozen=True, slots=True)
class Line:
    """What the options say of the line; empty and None: look for it. offline: there shall be none."""

    data: Path
    url: str = ""
    token: Path | None = None
    cashier: str = ""
    ca: Path | None = None
    offline: bool = False


def centre(line: Line) -> Centre | None:
    """The centre, or None when none is known. ConfigFault when a named file cannot be read, or the cashier is open."""
    url = line.url or _running(line.data)
    token = None if line.offline else _token(line)
    if line.offline or not url or token is None:
        return None
    ca = line.ca or line.data / CLOUD / "ca.pem"
    return Centre(url, token, ca if ca.exists() else None)


def _running(data: Path) -> str:
    found = running.desk_centre_of(data)
    port = found.option("--port") if found else ""
    return f"https://127.0.0.1:{port}" if port else ""


def _token(line: Line) -> str | None:
    path = _token_file(line)
    if path is None:
        return None
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as fault:
        raise ConfigFault(Text(f"{path}: 无法读取令牌", f"{path}: the token cannot be read")) from fault


def _token_file(line: Line) -> Path | None:
    if line.token is not None:
        return line.token
    folder = line.data / CLOUD
    if line.cashier:
        return folder / f"cashier-{line.cashier}.token"
    found = sorted(folder.glob("cashier-*.token"))
    if len(found) > 1:
        raise ConfigFault(
            Text("有多名收银员，请用 --cashier 指明", "there are several cashiers: name one with --cashier")
        )
    return found[0] if found else None
