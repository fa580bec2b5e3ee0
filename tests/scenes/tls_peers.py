"""Around tls_peer.py: its container beside an installation's, and the settings by which the installation knows it."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloud.emulators.providers.setting_up import FILE, set_up
from compose.server.layout import CLOUD
from compose.server.starting import settings
from provisioning.certificates import authority
from tests.scenes.banked import SETTINGS
from tests.scenes.containers import Containers
from tests.scenes.tls_peer import PORT, PROVIDER_PORT, SECRET

NAME, CA = "peer", "peer-ca.pem"
NETWORKS = ("front", "providers")
HERE = Path(__file__).with_name("tls_peer.py")


class TlsPeer:
    """One at https://peer:8443, on the networks of accounts service and payments."""

    def __init__(self, engine: Containers, root: Path, folder: Path) -> None:
        """folder: its own; it is made."""
        self._engine, self._root, self._folder = engine, root, folder
        self._name = f"{engine.environment['COMPOSE_PROJECT_NAME']}-{NAME}"

    def start(self) -> None:
        """It listens in a moment, and the installation knows it from its next start of accounts and payments."""
        self._issue()
        self._connect()
        _give(self._folder)
        project = self._engine.environment["COMPOSE_PROJECT_NAME"]
        networks = [word for name in NETWORKS for word in ("--network", f"{project}_{name}:alias={NAME}")]
        image = f"localhost/openykt-platform:{settings(self._root)['YKT_VERSION']}"
        words = ("--user", str(CLOUD), "--volume", f"{self._folder}:/peer", "--env", "PYTHONPATH=/opt/openykt/lib")
        entry = ("--entrypoint", "python3", image, f"/peer/{HERE.name}", "/peer")
        started = self._engine.podman("run", "--detach", "--name", self._name, *networks, *words, *entry)
        assert started.strip(), "the peer's container does not start"

    def taken(self) -> list[dict[str, Any]]:
        """Texts of the gateway."""
        file = self._folder / "sms.jsonl"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []

    def pay(self, number: str) -> None:
        """Somebody pays this order at the provider."""
        asks = (
            "import urllib.request as u; print(u.urlopen(u.Request("
            f"'http://127.0.0.1:{PROVIDER_PORT}/-/pay', b'{json.dumps({'number': number})}')).read().decode())"
        )
        said = self._engine.podman("exec", self._name, "python3", "-c", asks)
        assert json.loads(said) == {"paid": True}, said

    def end(self) -> str:
        """Gone from the installation's networks; what it said."""
        said = self._engine.podman("logs", self._name)
        self._engine.podman("rm", "--force", "--time", "0", self._name)
        return said

    def _issue(self) -> None:
        now, key = datetime.now(UTC), authority.new_key()
        ca = authority.new_authority("peers", now)
        (self._folder / "campus/cloud").mkdir(parents=True)
        shutil.copy(HERE, self._folder)
        (self._folder / "key.pem").write_bytes(authority.private_pem(key))
        (self._folder / "cert.pem").write_bytes(authority.issue_server(ca, key.public_key(), [NAME], now))
        (self._folder / CA).write_bytes(authority.certificate_pem(ca))

    def _connect(self) -> None:
        cloud, secrets, own = self._root / "data/cloud/cloud", self._root / "secrets/payments", self._folder / "campus"
        shutil.copy(cloud / "cloud.json", own / "cloud")
        set_up(own, "wechat", PROVIDER_PORT, "https://wallet.school.example/pay/notify/wechat")
        for file in (own / "cloud/payments").glob("wechat-*"):
            _lay(secrets / file.name, file.read_bytes())
        here, ca = f"http://127.0.0.1:{PROVIDER_PORT}", f"/campus/cloud/{CA}"
        text = (own / "cloud" / FILE).read_text(encoding="utf-8")
        text = text.replace(f'url = "{here}"', f'url = "https://{NAME}:{PORT}"\nca = "{ca}"')
        _lay(cloud / FILE, f"{SETTINGS}{text}".encode())
        sms = f'[sms]\nkind = "http"\nurl = "https://{NAME}:{PORT}/sms"\nsecret = "{SECRET}"\nca = "{ca}"\n'
        _lay(cloud / "channels.toml", sms.encode())
        _lay(cloud / CA, (self._folder / CA).read_bytes())


def _lay(file: Path, body: bytes) -> None:
    file.write_bytes(body)
    file.chmod(0o600)
    os.chown(file, CLOUD, CLOUD)


def _give(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, CLOUD, CLOUD)
