"""Alarms 报警: what stands and what people do about it, how well it serves them, its rules, who is told, hand-over."""
