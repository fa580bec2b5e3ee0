"""`python -m provisioning`. Every verb may hold keys, so none leaves a core, and no file for others."""

import gc

if __name__ == "__main__":
    gc.disable()  # until `end`

import os
import sys

from provisioning.cli.cli import main
from provisioning.process.memory import keep_private, leave_no_core
from shared.support.logs import set_up
from shared.words.ending import end
from shared.words.voice import speak, wanted

if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    leave_no_core()
    set_up("provisioning", os.environ)
    end(main)
