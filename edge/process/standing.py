"""RUNTIME_DIRECTORY/status.json: how a running box is, for its doctor; in memory, so that no disk wears.

systemd makes the folder and takes it away with the service. Without one nothing is written.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

VARIABLE = "RUNTIME_DIRECTORY"
STATUS_FILE = "status.json"
STATUS_EVERY = 5
"""Each so many statuses."""
STATUS_OLD_S = 30.0
"""What is older says nothing about now."""


class StatusFile:
    """Of one process. environment: as it was started with."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        folder = environment.get(VARIABLE, "")
        self._file = Path(folder) / STATUS_FILE if folder else None
        self._statuses = 0

    def tell(self, status: Mapping[str, object]) -> None:
        """Whole or not there; a folder that has gone costs nothing."""
        self._statuses += 1
        if self._file is None or self._statuses % STATUS_EVERY != 1:
            return
        fresh = self._file.with_suffix(".new")
        with suppress(OSError):
            fresh.write_text(json.dumps(status, ensure_ascii=False), encoding="utf-8")
            fresh.replace(self._file)
