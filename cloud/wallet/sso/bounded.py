"""Door to requests, which both libraries of sign-on speak HTTP through: bounded in time and size, and never sent on.

A redirect is an answer like any other, and none that we believe; proxies of the environment are not asked.
"""

from typing import Any

import requests

from cloud.wallet.sso.terms import SsoFault

CONNECT_S, READ_S = 3.0, 5.0
BODY_MAX = 64 * 1024


class Bounded(requests.Session):
    """A session for one exchange. ca: a file that is trusted beside nobody else; '': the machine's own."""

    def __init__(self, *args: Any, ca: str = "", **options: Any) -> None:  # noqa: ANN401  # those of the session below
        super().__init__(*args, **options)
        self.trust_env = False
        self.verify = ca or True

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401
        """SsoFault: no answer in time, or too long a one."""
        options.update(timeout=(CONNECT_S, READ_S), allow_redirects=False, stream=True)
        try:
            answer = super().send(request, **options)
            body = answer.raw.read(BODY_MAX + 1, decode_content=True)
        except (requests.RequestException, OSError) as fault:
            raise SsoFault(f"no answer: {type(fault).__name__}") from None
        finally_close(answer)
        if len(body) > BODY_MAX:
            raise SsoFault("an answer that is too long")
        answer._content = body  # noqa: SLF001  # where the library keeps what it has read
        return answer


def finally_close(answer: requests.Response) -> None:
    """Its connection goes back; what was read stays."""
    answer.raw.close()
