"""The PostgreSQL of a --full folder, whether its campus runs or not."""

from pathlib import Path

from compose.hold import FolderInUse, hold
from compose.postgres import postgres
from compose.supervise import Supervisor

DATABASE = "openykt"


async def database(parts: Supervisor, data: Path) -> str:
    """Its DSN; started for the caller, by whose supervisor it ends, if it did not run."""
    cluster = postgres(data)
    try:
        with hold(data):
            await parts.start(cluster.part)
    except FolderInUse:
        return cluster.dsn(DATABASE)  # the campus runs, and with it its database
    return cluster.dsn(DATABASE)
