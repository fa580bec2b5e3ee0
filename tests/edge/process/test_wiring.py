"""Each configured link gets its adapter and its endpoint; what does not fit is named."""

from dataclasses import replace

import pytest

from edge.link.can.link import CanLink
from edge.link.rs485.link import Rs485Link
from edge.link.tcp.link import TcpLink
from edge.process.wiring import Endpoints, make_links
from edge.settings import LinkKind, LinkSetting
from shared.errors import ConfigFault
from tests.edge.rig import settings

LINKS = (
    LinkSetting("can0", LinkKind.CAN, 50_000, 0),
    LinkSetting("line0", LinkKind.RS485, 0, 9_600),
    LinkSetting("tcp", LinkKind.TCP, 0, 0),
)
ALL = Endpoints({"can0": ("simbus", "/run/bus")}, {"line0": "/dev/pts/9"}, 4321, "127.0.0.1")


def with_links(*links):
    return replace(settings(bodies=0), links=links)


def test_one_adapter_for_each():
    links = make_links(with_links(*LINKS), ALL)
    assert {name: type(link) for name, link in links.items()} == {"can0": CanLink, "line0": Rs485Link, "tcp": TcpLink}
    bus = links["can0"]._adapter._settings.bus
    assert (bus.interface, bus.channel, bus.bitrate) == ("simbus", "/run/bus", 50_000)
    assert links["tcp"]._address == ("127.0.0.1", 4321)


def test_line_polls_the_addresses_of_its_terminals():
    given = settings(bodies=3, on="can0")
    moved = tuple(replace(terminal, link="line0") for terminal in given.terminals[:2])
    links = make_links(replace(given, links=LINKS, terminals=(*moved, given.terminals[2])), ALL)
    assert sorted(links["line0"]._master._slaves) == [1, 2]


@pytest.mark.parametrize(
    ("links", "endpoints", "named"),
    [
        (LINKS[:1], Endpoints(), "can0"),
        (LINKS[1:2], Endpoints(), "line0"),
        (LINKS[2:], Endpoints(), "tcp"),
        (LINKS[2:], Endpoints(can={"can1": ("a", "b")}, tcp_port=0), "can1"),
        (LINKS, replace(ALL, rs485={"can0": "x"}), "can0"),
    ],
)
def test_what_does_not_fit_is_named(links, endpoints, named):
    with pytest.raises(ConfigFault, match=named):
        make_links(with_links(*links), endpoints)
