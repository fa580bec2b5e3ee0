"""The store of metrics of a --full campus: VictoriaMetrics, on loopback, in a private folder of the campus."""

import os
import shutil
from pathlib import Path

from compose.parts.part import Part
from compose.servers.ports import LOOPBACK
from compose.servers.servers import ServerMissing

PACKAGE, NAMES = "victoria-metrics", ("victoria-metrics", "victoria-metrics-prod")
KEPT = "100d"
"""As long as the watch's own rings keep an hour's range."""
MEMORY = "64MB"
"""What its caches may take."""
_STARTED = r"started server at http"


def victoria_metrics(folder: Path, port: int) -> Part:
    """It keeps what it has in `folder`. Without it points wait, and selling goes on. ServerMissing, OSError."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/bin"
    program = next((found for name in NAMES if (found := shutil.which(name, path=path))), None)
    if program is None:
        raise ServerMissing(NAMES[0], PACKAGE)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    words = (
        f"-httpListenAddr={LOOPBACK}:{port}", f"-storageDataPath={folder.resolve()}", f"-retentionPeriod={KEPT}",
        f"-memory.allowedBytes={MEMORY}", "-search.latencyOffset=0s", "-loggerMaxArgLen=256",
    )  # fmt: skip
    return Part("metrics", (program, *words), ready=_STARTED, spare=True)
