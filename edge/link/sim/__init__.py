"""Wires without hardware: a CAN bus and an RS-485 line as processes."""
