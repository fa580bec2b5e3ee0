"""Who comes in, by user and secret: accounts as they are kept, read again when somebody has written. Takes values."""

from collections.abc import Mapping, Sequence

from cloud.watch.docking.gate.core import User
from cloud.watch.docking.rights.accounts import HOST_USER, NODE_USER, Account, Speech, opens
from cloud.watch.docking.rights.acl import Right, host_rights, node_rights, rights
from cloud.watch.docking.settings import DockingSettings
from cloud.watch.docking.sparkplug.topics import Source


class Doorkeeper:
    """Knows all accounts."""

    def __init__(self, settings: DockingSettings) -> None:
        self._settings = settings
        self._own: dict[str, tuple[str, Sequence[Right]]] = {}
        self._accounts: dict[str, Account] = {}

    def know(self, accounts: Sequence[Account], own: Mapping[str, str]) -> list[str]:
        """From now on these; the users that are not let in any more, or by another secret."""
        before = self._accounts
        self._accounts = {one.user: one for one in accounts}
        node = self._settings.node
        held = {HOST_USER: host_rights(self._settings.host)}
        if node is not None:
            held[NODE_USER] = node_rights(node.source, node.primary_host)
        self._own = {user: (own[user], held[user]) for user in held if user in own}
        return [user for user, one in before.items() if self._accounts.get(user) != one]

    @property
    def nodes(self) -> list[Source]:
        """Of all accounts that speak Sparkplug."""
        return [one.source for one in self._accounts.values() if one.speech is Speech.SPARKPLUG]

    def admit(self, user: str, secret: str) -> User | None:
        """At the gate."""
        if user in self._own:
            seal, held = self._own[user]
            return User(user, held, may_retain=user == HOST_USER) if opens(seal, secret) else None
        one = self._accounts.get(user)
        if one is None or one.speech is Speech.HTTP or not opens(one.seal, secret):
            return None
        return User(user, rights(one, self._settings.host))

    def opens(self, name: str, secret: str) -> bool:
        """At the HTTP door, by the account's name."""
        one = next((one for one in self._accounts.values() if one.name == name), None)
        return one is not None and one.speech is Speech.HTTP and opens(one.seal, secret)
