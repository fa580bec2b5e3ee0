"""DATA/cloud/cloud.json of a demonstration, as far as the process of providers reads it."""

import json
from pathlib import Path


def demo_folder(folder: Path) -> Path:
    cloud = folder / "cloud"
    cloud.mkdir(mode=0o700)
    told = {
        "format": 1, "campus": 1, "name": "演示校园", "demo": True, "issuer": "1001", "campus_key": "00" * 32,
        "ack_key": "00" * 32, "ack_key_file": "ack.pem",
        "tls": {"ca": "ca.pem", "certificate": "c.pem", "key": "k.pem"},
        "console": {"certificate": "c.pem", "key": "k.pem"},
    }  # fmt: skip
    (cloud / "cloud.json").write_text(json.dumps(told))
    return folder
