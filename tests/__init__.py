"""The tests are a package so that a wheel that brings a top-level `tests` of its own cannot stand before them."""
