"""Runs in a container of the platform's image, on networks of an installation: an SMS gateway and WeChat behind TLS.

`tls_peer.py FOLDER`: cert.pem and key.pem are its own, campus/ a demonstration's; what the gateway took stands in
sms.jsonl, a line each. The emulators are the product's, on this container's loopback; here is what ends TLS for them.
"""

import http.client
import json
import ssl
import subprocess
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cloud.emulators.sms_provider import ProviderEmulator

PORT, PROVIDER_PORT = 8443, 8081
SECRET = "a secret of a school and its gateway"
CALL_S = 10.0


def handler(sms_port: int, tell: Any) -> type[BaseHTTPRequestHandler]:
    """Passes on what was asked, byte for byte, to whom its path belongs."""

    class Ends(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._pass(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def do_GET(self) -> None:
            self._pass(None)

        def _pass(self, body: bytes | None) -> None:
            port = sms_port if self.path.startswith("/sms") else PROVIDER_PORT
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_S)) as line:
                line.request(self.command, self.path, body, dict(self.headers))
                answer = line.getresponse()
                said = answer.read()
            tell()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *_: object) -> None:
            """Writes nothing."""

    return Ends


def main(folder: Path) -> None:
    """Until it is killed."""
    words = ("wechat", "--data", str(folder / "campus"), "--port", str(PROVIDER_PORT))
    provider = subprocess.Popen((sys.executable, "-P", "-m", "cloud.emulators", *words), stdin=subprocess.PIPE)
    assert provider.stdin is not None  # open as long as it is to serve
    with ProviderEmulator(SECRET) as gateway:

        def tell() -> None:
            lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in gateway.taken)
            (folder / "sms.jsonl").write_text(lines, encoding="utf-8")

        port = int(gateway.url.partition("127.0.0.1:")[2].partition("/")[0])
        server = ThreadingHTTPServer(("0.0.0.0", PORT), handler(port, tell))  # noqa: S104  # of its container
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
