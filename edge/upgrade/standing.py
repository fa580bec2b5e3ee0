"""Where a box stands with its releases, and what follows: what is current, what is tried, what went back. Pure.

Kept as one JSON file; the link `current` only follows it. A release on trial has TRIES_MAX starts; it is in use once
the box itself has said that it is well. One that went back is named with its reason and never tried again.
"""

import json
from enum import Enum
from typing import Any, NamedTuple

FORMAT = 1
TRIES_MAX = 3
"""Starts of a release on trial; the next one starts what ran before."""
NAMED_MAX = 16
"""Releases that went back are remembered; the oldest of them is forgotten beyond that."""
WHY_MAX = 200


class Why(Enum):
    """Why a release is not in use. Its value goes up to the platform; words: shared/facts/."""

    STARTS = "starts"
    """It ended, or was ended, before it was well, as often as it may."""
    UNWELL = "unwell"
    """The box found itself worse than before: store, lines, clock."""
    OVERDUE = "overdue"
    """It did not say in time whether it is well."""
    FILES = "files"
    """A file is not what its manifest says, or is lacking."""
    UNPROVEN = "unproven"
    """Officers have not signed these bytes."""
    PYTHON = "python"
    """It needs another Python than this machine has."""
    MACHINE = "machine"
    """It was made for another processor."""
    ROOM = "room"
    """The disk is too full for it."""
    PERSON = "person"
    """Somebody at the box took it back."""
    OLDER = "older"
    """Its number is not above the one in use."""


FOR_GOOD = frozenset({Why.STARTS, Why.UNWELL, Why.OVERDUE, Why.PERSON})
"""It was started, and went back: those bytes are never tried here again."""


class Offered(NamedTuple):
    """A release that the box has fetched. digest: SHA-256 of its archive, hex; number: of the release, rising."""

    name: str
    number: int
    digest: str


class Back(NamedTuple):
    """One that was not kept. said: in the words of who judged it, a line."""

    name: str
    number: int
    digest: str
    why: Why
    said: str
    at_s: int


class Standing(NamedTuple):
    """current: what runs when nothing is tried; former: what ran before it. trial: what is tried, and how many starts
    it has had."""

    current: Offered
    former: Offered | None = None
    trial: Offered | None = None
    starts: int = 0
    back: tuple[Back, ...] = ()

    @property
    def started(self) -> Offered:
        """What the link should name."""
        return self.trial or self.current

    @property
    def kept(self) -> frozenset[str]:
        """Folders that stay."""
        return frozenset(one.name for one in (self.current, self.former, self.trial) if one is not None)

    def may_take(self, offered: Offered) -> Why | None:
        """What stands against it by its number and name alone: a folder that is kept is never unpacked over."""
        if offered.number <= self.current.number:
            return Why.OLDER
        return Why.OLDER if offered.name in self.kept and not self.stands_here(offered) else None

    def stands_here(self, offered: Offered) -> bool:
        """Is it what ran before, under a higher number? Then its folder is here: a way back needs no unpacking."""
        former = self.former
        return former is not None and (former.name, former.digest) == (offered.name, offered.digest)

    def has_met(self, offered: Offered) -> bool:
        """Is it in use, tried, or was it tried in vain? Then there is nothing to do about it any more. What was not
        even tried, for a full disk or bytes that rotted, may come again."""
        tried = [one for one in self.back if one.why in FOR_GOOD]
        return offered.digest in {one.digest for one in (self.current, self.trial, *tried) if one}

    def refused(self, offered: Offered, why: Why, said: str, at_s: int) -> "Standing":
        """It is not taken."""
        return self._replace(back=_with(self.back, Back(*offered, why, said[:WHY_MAX], at_s)))

    def tried(self, offered: Offered) -> "Standing":
        """It is unpacked and whole: it has its first start."""
        return self._replace(trial=offered, starts=1)

    def begun(self) -> "Standing":
        """Another start of what is tried."""
        return self._replace(starts=self.starts + 1)

    def kept_on(self) -> "Standing":
        """It is well: in use from now on."""
        if self.trial is None:
            return self
        return self._replace(current=self.trial, former=self.current, trial=None, starts=0)

    def gone_back(self, why: Why, said: str, at_s: int) -> "Standing":
        """What ran before runs again."""
        if self.trial is None:
            return self
        return self.refused(self.trial, why, said, at_s)._replace(trial=None, starts=0)


def encode(standing: Standing) -> bytes:
    """The file."""
    raw: dict[str, Any] = {"format": FORMAT, "starts": standing.starts}
    raw |= {name: _out(getattr(standing, name)) for name in ("current", "former", "trial")}
    raw["back"] = [one._asdict() | {"why": one.why.value} for one in standing.back]
    return (json.dumps(raw, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def decode(raw: bytes) -> Standing:
    """ValueError when it is none."""
    try:
        found = json.loads(raw)
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']}")
        current = offered(found["current"])
        former, trial = (offered(found[name]) if found[name] else None for name in ("former", "trial"))
        back = tuple(Back(**{**one, "why": Why(one["why"])}) for one in found["back"])
        return Standing(current, former, trial, int(found["starts"]), back)
    except (KeyError, TypeError, AttributeError) as fault:
        raise ValueError(f"no standing: {type(fault).__name__}") from fault


def offered(raw: Any) -> Offered:  # noqa: ANN401  # straight from JSON
    """ValueError, KeyError, TypeError when it is none: its name becomes a folder's."""
    name, number, digest = raw["name"], raw["number"], raw["digest"]
    is_plain = isinstance(name, str) and 0 < len(name) <= 120 and set(name) <= _PLAIN and name[0] not in ".-"
    if not is_plain or type(number) is not int or number < 0 or not isinstance(digest, str):
        raise ValueError(f"no release: {str(name)[:40]}")
    return Offered(name, number, digest)


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_")


def _with(back: tuple[Back, ...], one: Back) -> tuple[Back, ...]:
    return (*(other for other in back if other.digest != one.digest), one)[-NAMED_MAX:]


def _out(one: Offered | None) -> dict[str, Any] | None:
    return one._asdict() if one is not None else None
