"""What a scene may say of alarms: which came, that no other did, and that somebody was told of each."""

from tests.scenes.campus import Campus
from tests.scenes.plans import command
from tests.scenes.ways import push

Alarm = tuple[str, str]
"""Rule and source."""
WHO, MAIL = "王芳", "wang@school.edu.cn"
AT_ANY_HOUR = f"""format = 1
[[route]]
name = "all"
wakes = true
grades = ["urgent", "important"]
[[route.step]]
to = ["{WHO}"]
by = ["mail"]
"""
"""As without a policy, but what is important does not wait for the morning: a scene may be played at night."""
TURNS = 3
"""So many turns of the watch later, what was to come of the same cause has come."""
NO_TLS = "no-tls"
"""A scene that reads along has no TLS, and the watch says so of its box: that alarm is not the scene's."""


class Alarmed:
    """Over a watched campus, with one person to whom mails go."""

    def __init__(self, campus: Campus) -> None:
        self._campus = campus
        self.seen: list[Alarm] = []
        """All that were expected so far, in their order."""

    def know_somebody(self) -> None:
        """Who is told."""
        know_at_any_hour(self._campus)

    def there(self) -> set[Alarm]:
        """Alarms that are on the list now, but for what every such campus has."""
        return {key for key in self._campus.alarms() if key[0] != NO_TLS}

    def calling(self) -> set[Alarm]:
        """Those of them that want a person."""
        quiet = "shelved_until_ms", "suppressed_by", "stopped_by", "is_acked"
        found = self._campus.alarms()
        return {key for key in self.there() if found[key]["is_active"] and not any(found[key][q] for q in quiet)}

    async def comes(self, *alarms: Alarm, maybe: frozenset[Alarm] = frozenset()) -> str:
        """Exactly these are new; their names. maybe: what may come of the same cause, or not."""
        await self._campus.until(f"{alarms}", lambda: {*alarms} <= self.there())
        await self.turns()
        new = self.there() - {*self.seen}
        assert {*alarms} <= new <= {*alarms} | maybe, f"{new} in the place of {alarms}"
        self.seen += sorted(new)
        return " ".join(rule for rule, _ in sorted(new))

    async def turns(self) -> None:
        """The watch looks again, a few times."""
        goal = int(self._campus.status("watch")["turns"]) + TURNS
        await self._campus.until_status("further turns", "watch", lambda said: said["turns"] >= goal)

    def told_of(self) -> set[Alarm]:
        """All that some message was about."""
        return {(key.rule, str(key.source)) for one in self._campus.told() for key in one.keys}

    async def all_told(self) -> str:
        """Somebody was told of each that was seen; in how many messages."""
        await self._campus.until("messages of all", lambda: {*self.seen} <= self.told_of())
        return str(len(self._campus.told()))


def source(device: bytes) -> str:
    """A terminal, as alarms name it."""
    return f"terminal:{device.hex()}"


def know_at_any_hour(campus: Campus) -> None:
    """One person, to whom mails of all that is grave go."""
    command("cloud", "person", "add", WHO, "--mail", MAIL, "--data", campus.data)
    push(campus, "notify", AT_ANY_HOUR, WHO)
