"""Where orders are signed and boxes asked for: as given, as an installation has put it, or beside this process."""

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cloud.fleet.beside import ORDERS, SIGNER, orders_socket, signer_socket
from shared.errors import ConfigFault

Find = Callable[[Path, Path | None], Path]


@pytest.mark.parametrize(("find", "name"), [(orders_socket, ORDERS), (signer_socket, SIGNER)])
def test_a_socket_that_was_put_there_is_found_where_no_process_is_seen(tmp_path: Path, find: Find, name: str) -> None:
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / name).symlink_to(tmp_path / "s")
    with pytest.raises(ConfigFault):
        find(tmp_path, None)
    with closing(socket.socket(socket.AF_UNIX)) as there:
        there.bind(str(tmp_path / "s"))
        assert find(tmp_path, None) == tmp_path / "cloud" / name
        assert find(tmp_path, tmp_path / "given") == tmp_path / "given"
