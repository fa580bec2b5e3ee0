"""How long a test waits for what other processes do: far longer than it takes, for a busy machine is nobody's mistake.

A wait that is over costs nothing of it; what never comes costs it once. Not for what must not take long (that is a
figure of `tests/bench`), nor for what must not happen at all.
"""

PATIENCE_S = 120.0
