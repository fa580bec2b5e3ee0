"""The PostgreSQL of a --full folder, whether its campus runs or not."""

from pathlib import Path

from compose.parts.hold import FolderInUse, hold
from compose.parts.supervise import Supervisor
from compose.servers.postgres import postgres, running_postgres

DATABASE = "openykt"


async def database(parts: Supervisor, data: Path) -> str:
    """Its DSN; started for the caller, by whose supervisor it ends, if it did not run."""
    try:
        with hold(data):
            cluster = postgres(data)
            await parts.start(cluster.part)
    except FolderInUse:
        cluster = running_postgres(data)  # the campus runs, and with it its database: not to be touched
    return cluster.dsn(DATABASE)
