"""Events to programs: a signed post to a place that has a name in the file of ways. No person has one."""

import json
from collections.abc import Mapping

from cloud.watch.notify.channels.door import Awaited, ChannelFault, Given, Heard
from cloud.watch.notify.channels.post import Place, post
from cloud.watch.notify.queue import Message
from cloud.watch.notify.terms import HOOK


class WebhookDoor:
    """By name. A message's text is the event; its number goes with it, by which one that comes twice is known."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = dict(places)

    def send(self, message: Message) -> Given:
        """The status."""
        place = self._places.get(message.address.removeprefix(HOOK))
        if place is None:
            raise ChannelFault("no such hook in channels.toml", for_good=True)
        said = {"id": f"{message.number}.{message.made_ms}", "made_ms": message.made_ms, **json.loads(message.text)}
        return Given(str(post(place, json.dumps(said, ensure_ascii=False).encode(), "application/json").status))

    def heard(self, awaited: Awaited = tuple) -> Heard:  # noqa: ARG002  # the protocol's
        """What a program answers is no answer to an alarm."""
        return ()
