"""HOST:PORT as people type it."""

import pytest

from shared.errors import ConfigFault
from shared.input.endpoint import host_port, listening_port


def test_host_and_port() -> None:
    assert host_port("127.0.0.1:1883", "--broker") == ("127.0.0.1", 1883)
    assert host_port("[::1]:65535", "--broker") == ("::1", 65535)


@pytest.mark.parametrize("text", ["", "x", ":1883", "x:", "x:0", "x:65536", "x:-1", "x:１８", "x:²", "x:" + "9" * 5000])
def test_what_is_none_names_its_option(text: str) -> None:
    with pytest.raises(ConfigFault, match=r"^--broker: "):
        host_port(text, "--broker")


@pytest.mark.parametrize("text", ["-1", "65536", "x", ""])
def test_a_port_that_nobody_can_listen_on(text: str) -> None:
    assert (listening_port("0"), listening_port("65535")) == (0, 65535)
    with pytest.raises(ValueError):
        listening_port(text)
