"""The laws of a box's releases, checked from outside: by what starts, by the folders, by what was said to be well.

box-trial: a release that is not well goes back by itself: it has TRIES_MAX starts, and is never in use · box-active:
what starts is one whole folder, the link names it, and at no moment is there none · box-older: what is refused, went
back, or is not above what was in use never starts.
"""

from collections import Counter

from edge.upgrade.folders import CURRENT, Folders, NotTaken, require_whole
from edge.upgrade.standing import TRIES_MAX, Offered, Standing
from tests.sim.world import Violation

WORTHLESS = ("unsigned", "rotten", "older")


class BoxReleaseLaw:
    """Of one box."""

    def __init__(self, box: str, folders: Folders) -> None:
        self._box, self._folders = box, folders
        self.newest = 0
        """The highest number that was ever in use."""
        self._well: set[str] = {""}
        """Digests of what has said so; the package's own needs no word."""
        self._starts: Counter[str] = Counter()
        self._failed: set[str] = set()
        self._tried = ""
        self._has_link = False

    def well(self, one: Offered) -> None:
        """A release on trial has said that it is well."""
        self._well.add(one.digest)

    def cut(self, has_link: bool) -> None:
        """The power goes between two durable steps."""
        if self._has_link and not has_link:
            raise Violation("box-active", f"{self._box}: nothing is there to start")

    def started(self, standing: Standing) -> None:
        """A box is about to run this."""
        one = standing.started
        self._is_one(one, standing)
        self._may_start(one)
        self._is_tried(one, standing)
        self._keeps(standing)

    def looked(self) -> None:
        """Somebody has judged what is on trial."""
        self._keeps(self._folders.standing())

    def _is_one(self, one: Offered, standing: Standing) -> None:
        link = self._folders.place / CURRENT
        if not link.is_symlink() or link.readlink() != self._folders.folder(one):
            raise Violation("box-active", f"{self._box}: {one.name} is said to start, the link names another")
        if self._folders.standing() != standing:
            raise Violation("box-active", f"{self._box}: what is kept is not what starts")
        try:
            require_whole(link, "3.13", "sim")
        except NotTaken as fault:
            raise Violation("box-active", f"{self._box}: {one.name} is not whole: {fault}") from fault
        self._has_link = True

    def _may_start(self, one: Offered) -> None:
        if one.digest in self._failed:
            raise Violation("box-older", f"{self._box}: {one.name} went back, and starts again")
        if one.name.endswith(WORTHLESS):
            raise Violation("box-older", f"{self._box}: {one.name} starts")
        if one.digest not in self._well and one.number <= self.newest:
            raise Violation("box-older", f"{self._box}: {one.number} starts, {self.newest} was in use")

    def _is_tried(self, one: Offered, standing: Standing) -> None:
        if self._tried and self._tried != one.digest and self._tried not in self._well:
            self._failed.add(self._tried)
        self._tried = standing.trial.digest if standing.trial is not None else ""
        self._starts[one.digest] += standing.trial is not None
        if self._starts[one.digest] > TRIES_MAX:
            raise Violation("box-trial", f"{self._box}: {one.name} starts for the {self._starts[one.digest]}th time")

    def _keeps(self, standing: Standing) -> None:
        one = standing.current
        if one.digest not in self._well:
            raise Violation("box-trial", f"{self._box}: {one.name} is in use, and was never well")
        self.newest = max(self.newest, one.number)
