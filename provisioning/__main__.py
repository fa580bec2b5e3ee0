"""`python -m provisioning`. Every verb may hold keys, so none leaves a core."""

import sys

from provisioning.cli.cli import main
from provisioning.process.memory import leave_no_core

if __name__ == "__main__":
    leave_no_core()
    sys.exit(main())
