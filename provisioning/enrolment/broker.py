"""The broker of this machine as the guard needs it: told to read its list again, or ended so that it starts anew."""

import os
import signal
from pathlib import Path

PID = Path("broker/mosquitto.pid")
_NAME = "mosquitto"


def tell(data: Path) -> bool:
    """It reads the list again. False: none of this machine runs; on another one its own keeper has to see the file."""
    return _signal(data, signal.SIGHUP)


def end(data: Path) -> bool:
    """It ends, and whoever keeps it starts it again: at its start it runs with the list or not at all."""
    return _signal(data, signal.SIGTERM)


def _signal(data: Path, number: signal.Signals) -> bool:
    try:
        pid = int((data / PID).read_text(encoding="ascii"))
        if Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() != _NAME:
            return False
        os.kill(pid, number)
    except (OSError, ValueError):
        return False
    return True
