"""Planted defects about a box's releases: see defects.py."""

from edge.upgrade.folders import CURRENT, Folders
from edge.upgrade.standing import Standing
from edge.upgrade.starting import Starting
from tests.sim.box_releases import BoxReleases
from tests.sim.edge_part import EdgePart


class _Hopes(Starting):
    def _judged(self, standing: Standing, now_s: int) -> Standing:
        return standing.kept_on()


class _ForgetsNumbers(Starting):
    def _taken(self, standing: Standing, now_s: int) -> Standing:
        return super()._taken(standing._replace(current=standing.current._replace(number=0)), now_s)


class _LinksByHand(Folders):
    def switch(self, standing: Standing) -> None:
        link = self.place / CURRENT
        link.unlink(missing_ok=True)
        self._step("rename link")
        link.symlink_to(self.folder(standing.started))


class _Hoping(BoxReleases):
    starting = _Hopes


class _Forgetting(BoxReleases):
    starting = _ForgetsNumbers


class _Linking(BoxReleases):
    folders = _LinksByHand


class KeepsWhatRuns(EdgePart):
    """A release that has started once is in use."""

    releases_of = _Hoping


class TakesOlderReleases(EdgePart):
    """What officers have once signed is good for ever."""

    releases_of = _Forgetting


class SwitchesByHand(EdgePart):
    """The old link goes before the new one is there."""

    releases_of = _Linking
