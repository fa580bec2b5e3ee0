"""Door to python-cas: CAS protocol 3.0, service tickets, with a proof made now (`renew`).

The library asks the validating address through our session, so time and size are bounded there; its own log would hold
whole answers and is shut.
"""

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import ParseError

from cas import CASClientV3

from cloud.wallet.sso.bounded import Bounded
from cloud.wallet.sso.terms import SUBJECT_MAX, Asserted, Begun, SsoFault
from shared.words.voice import Text

logging.getLogger("cas").setLevel(logging.WARNING)


@dataclass
class Cas:
    """A SignOn. server: its address, ending in a slash; attribute: the number on the roster, '': the user himself;
    guardian: the attribute that is a guardian's phone there, '': none."""

    name: str
    label: Text
    server: str
    attribute: str = ""
    guardian: str = ""
    ca: str = ""

    def begin(self, begun: Begun, home: str) -> str:
        """Where to go."""
        return str(self._client(begun, home).get_login_url())

    def asserted(self, begun: Begun, home: str, code: str, now_s: int) -> Asserted:  # noqa: ARG002  # a ticket is of now
        """Whose ticket it is. SsoFault."""
        try:
            user, attributes, _ = self._client(begun, home).verify_ticket(code)
        except (ParseError, LookupError, AttributeError, ValueError) as fault:
            raise SsoFault(f"an answer that is none: {type(fault).__name__}") from None
        if not user or len(user) > SUBJECT_MAX:
            raise SsoFault("a ticket of nobody")
        told = attributes or {}
        return Asserted(user, _number(user, told, self.attribute), _number("", told, self.guardian))

    def _client(self, begun: Begun, home: str) -> Any:  # noqa: ANN401  # the library has no types
        session = Bounded(ca=self.ca)
        session.params = {"renew": "true"}  # the library says it to the phone alone, and the server must hear it, too
        service = f"{home}?{urlencode({'sso': begun.state})}"
        return CASClientV3(service_url=service, server_url=self.server, renew=True, session=session)


def _number(user: str, attributes: dict[str, Any], name: str) -> str:
    found = attributes.get(name, "") if name else user
    return found if isinstance(found, str) else ""
