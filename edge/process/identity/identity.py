"""With what this box goes to its broker: which certificate, whose CA, and whether dates of certificates count yet."""

import ssl
from dataclasses import replace

from edge.process.identity.clock import BoxClock
from edge.process.identity.renewing import forget_refused, next_of, promote
from edge.settings import TlsSetting
from shared.errors import LinkFault
from shared.words.voice import Text

NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python has no name for."""


class Identity:
    """Of one box. For the broker's thread alone."""

    def __init__(self, tls: TlsSetting, clock: BoxClock) -> None:
        self._tls = tls
        self._clock = clock
        self._tries_next = False
        self._was_refused = False

    def context(self) -> ssl.SSLContext:
        """For the next connection. A new certificate that waits is tried every other time."""
        waits = next_of(self._tls.certificate).exists()
        self._tries_next = waits and not self._tries_next
        context = self._of_next() if self._tries_next else tls_context(self._tls)
        if not self._clock.is_system_trusted:
            context.verify_flags |= NO_CHECK_TIME
        return context

    def _of_next(self) -> ssl.SSLContext:
        """One that cannot even be loaded is none: it is asked for again."""
        try:
            return tls_context(replace(self._tls, certificate=next_of(self._tls.certificate)))
        except OSError:
            self._tries_next = False
            forget_refused(self._tls.certificate)
            return tls_context(self._tls)

    def require_dated(self, line: ssl.SSLSocket) -> None:
        """Look at the dates ourselves where TLS did not, as soon as we know the time; LinkFault."""
        shown = line.getpeercert()
        if self._clock.is_system_trusted or not self._clock.is_trusted or not shown:
            return
        begins, ends = (ssl.cert_time_to_seconds(str(shown[name])) for name in ("notBefore", "notAfter"))
        if not begins <= self._clock.now() <= ends:
            raise LinkFault(Text("消息代理的证书不在有效期内", "the broker's certificate is out of date"))

    def let_in(self) -> None:
        """The connection is up: what was used counts."""
        if self._tries_next:
            promote(self._tls.certificate)
            self._tries_next = False
        elif self._was_refused:
            forget_refused(self._tls.certificate)
        self._was_refused = False

    def refused(self) -> None:
        """It did not come up."""
        self._was_refused = self._was_refused or self._tries_next


def tls_context(setting: TlsSetting) -> ssl.SSLContext:
    """Mutual TLS: our certificate, and a broker whose certificate our CA has signed for its host name."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=setting.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(setting.certificate, setting.key)
    return context
