"""A phone at the wallet: HTTPS to the front as its pages call it, and the cookie that it was given."""

import http.client
import json
import ssl
from contextlib import closing
from pathlib import Path
from typing import Any

WAIT_S = 10.0


class Refused(Exception):
    """A problem that the wallet told: its code."""


class Phone:
    """One that believes in this CA, at a front on this machine."""

    def __init__(self, port: int, ca: Path) -> None:
        self._port, self._context = port, ssl.create_default_context(cafile=ca)
        self._cookie = ""

    def ask(self, operation: str, **told: Any) -> Any:
        """The value. Refused, OSError, http.client.HTTPException."""
        headers = {"content-type": "application/json", "x-ykt": "1", "cookie": self._cookie}
        with closing(self._line()) as line:
            line.request("POST", f"/w/api/{operation}", json.dumps(told), headers)
            answer = line.getresponse()
            body = answer.read()
        try:
            said = json.loads(body)
        except ValueError:  # cut off, as a front that ends leaves it
            raise Refused("no answer") from None
        self._cookie = (answer.headers["set-cookie"] or self._cookie).partition(";")[0]
        if answer.status != http.client.OK:
            raise Refused(said["code"])
        return said

    def sign_in(self, link: str) -> None:
        """By a one-time link."""
        self.ask("sign-in/link", token=link.rpartition("#link=")[2])

    def answers(self, operation: str, **told: Any) -> bool:
        """Can it be asked now?"""
        try:
            self.ask(operation, **told)
        except (OSError, http.client.HTTPException, Refused):
            return False
        return True

    def page(self) -> tuple[int, "http.client.HTTPMessage"]:
        """Status and headers of the first page."""
        with closing(self._line()) as line:
            line.request("GET", "/")
            answer = line.getresponse()
            answer.read()
        return answer.status, answer.headers

    def _line(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self._port, timeout=WAIT_S, context=self._context)
