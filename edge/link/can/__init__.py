"""CAN 2.0B: ids, frames, ISO-TP, errors; the door to python-can."""
