"""A load 圈存 or unload 圈提 as a case: its evidence, its states, a second try."""
