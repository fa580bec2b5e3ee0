"""Each configured link gets its adapter and its endpoint; what does not fit is named."""

from dataclasses import replace

import pytest

from edge.link.can.link import CanLink
from edge.link.rs485.link import Rs485Link
from edge.link.tcp import door
from edge.link.tcp.link import TcpLink
from edge.process.wiring import Endpoints, make_links
from edge.settings import LinkKind, LinkSetting, SpareSetting
from shared.errors import ConfigFault
from shared.inventory import DeviceKind
from shared.keys.terminal_psk import psk_identity, terminal_psk
from tests.edge.rig import device, settings

SPARE = SpareSetting(device(99), "spare", DeviceKind.POS, bytes(range(16)), 1)
needs_psk = pytest.mark.skipif(not door.HAS_PSK, reason="this Python has no TLS-PSK")

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


def test_a_line_through_a_radio_waits_longer_for_answers():
    line = Endpoints(rs485={"line0": "/dev/pts/9"})
    (near,) = make_links(with_links(LINKS[1]), line).values()
    (far,) = make_links(with_links(replace(LINKS[1], latency_ms=100)), line).values()
    waits = [link._master._settings.reply_wait_s for link in (near, far)]
    assert waits[1] == pytest.approx(waits[0] + 0.2)


TCP = Endpoints(tcp_port=0)


@needs_psk
def test_a_tcp_link_takes_the_keys_of_all_bodies_and_says_what_is_plain():
    given = replace(with_links(LINKS[2]), terminals=settings(bodies=2).terminals, spares=(SPARE,))
    (link,) = make_links(given, TCP).values()
    bodies = (*given.terminals, SPARE)
    keys = {psk_identity(one.device): terminal_psk(one.key, one.device) for one in bodies}
    assert (link._tls._asked._keys, link._plain) == (keys, False)
    (plain,) = make_links(replace(given, links=(replace(LINKS[2], is_plain=True),)), TCP).values()
    assert (plain._tls._asked._keys, plain._plain) == (keys, True)


def test_without_keys_of_any_kind_a_link_that_needs_tls_is_named(monkeypatch, tmp_path):
    """As on Python 3.11, where there is no PSK, before the certificates are made; a plain one goes on."""
    monkeypatch.setattr(door, "HAS_PSK", False)
    given = replace(with_links(LINKS[2]), folder=tmp_path)
    with pytest.raises(ConfigFault, match="provision terminal-tls"):
        make_links(given, TCP)
    (plain,) = make_links(replace(given, links=(replace(LINKS[2], is_plain=True),)), TCP).values()
    assert plain._tls is None
