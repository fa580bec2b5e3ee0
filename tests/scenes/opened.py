"""A program of a third party at a school's open platform in containers: a key, an order, a payment in the sandbox."""

import http.client
import json
import ssl
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from compose.server.open_platform import PORT
from compose.server.starting import settings
from tests.scenes.containers import Containers

FEN = 12_50
WAIT_S = 10.0
UP_S = 90.0
PACE_S = 0.2


class Shop:
    """It has the sandbox's key of one application, and believes in the school's CA."""

    def __init__(self, engine: Containers, root: Path) -> None:
        port = settings(root)[PORT]
        engine.server("open", root, "--address", f"https://127.0.0.1:{port}")
        words = ("open", "app", "add", "--sandbox", "--name", "shop", "--scopes", "pay,refund,events,identity")
        self._key = engine.server("cloud", root, *words).strip().splitlines()[-1]
        self._port = int(port)
        self._context = ssl.create_default_context(cafile=root / "data/cloud/cloud/ca.pem")

    def ask(self, method: str, path: str, key: str = "", **body: Any) -> tuple[int, Any]:
        """Status and value. OSError, http.client.HTTPException."""
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        with closing(
            http.client.HTTPSConnection("127.0.0.1", self._port, timeout=WAIT_S, context=self._context)
        ) as line:
            line.request(method, path, json.dumps(body) if body else None, headers)
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())

    def until_up(self) -> None:
        """The container serves."""
        last_s = time.monotonic() + UP_S
        while True:
            try:
                if self.ask("GET", "/v1/orders")[0] == http.client.OK:
                    return
            except (OSError, http.client.HTTPException):
                pass  # it is on its way
            assert time.monotonic() < last_s, "the open platform does not serve"
            time.sleep(PACE_S)

    def sell(self, name: str) -> str:
        """An order that somebody pays; the payment. Again under the same name it is the same."""
        _, order = self.ask("POST", "/v1/orders", f"order-{name}", fen=FEN, note="noodles")
        status, paid = self.ask("POST", f"/v1/sandbox/orders/{order['order']}/pay", f"pay-{name}", fen=FEN)
        assert (status, paid["fen"]) == (http.client.OK, FEN), paid
        return str(paid["payment"])
