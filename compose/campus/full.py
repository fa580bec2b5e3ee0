"""What a --full campus has beside broker and database: a store of metrics, and peers that take mail and SMS.

The watch finds them by its own files; a file that somebody else has written is left as it is.
"""

import secrets
from pathlib import Path

from compose.campus import campus
from compose.parts.part import Part
from compose.servers.metric_store import victoria_metrics
from compose.servers.ports import free_port
from compose.servers.render import write_private

METRICS_FILE, CHANNELS_FILE = "metrics.toml", "channels.toml"
"""The watch's own files of these names (cloud/watch/metrics/settings.py, cloud/watch/notify/doors_file.py)."""
MARK = "# ./ykt up --full\n"
"""So begins a file of ours: ports are others at each start."""


def beside(data: Path, room: Path) -> list[Part]:
    """The parts, and the watch told of them. ServerMissing, OSError."""
    metrics, smtp, smsc = free_port(), free_port(), free_port()
    store = victoria_metrics(data / "metrics", metrics)
    _tell(room / "cloud" / METRICS_FILE, f'url = "http://127.0.0.1:{metrics}"\n')
    _tell(
        room / "cloud" / CHANNELS_FILE,
        f'[mail]\nhost = "127.0.0.1"\nport = {smtp}\nsender = "ykt@localhost"\nstarttls = false\n'
        f'[sms]\nkind = "smpp"\nhost = "127.0.0.1"\nport = {smsc}\nsource = "10690001"\nsystem_id = "ykt"\n'
        f'password = "{secrets.token_hex(4)}"\ntls = false\n',
    )
    return [store, campus.peers(data / "peers", smtp, smsc)]


def _tell(file: Path, text: str) -> None:
    if not file.exists() or file.read_text(encoding="utf-8").startswith(MARK):
        write_private(file, MARK + text)
