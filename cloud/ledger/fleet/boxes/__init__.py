"""Releases of boxes 网关发行: kept, rolled out in waves, and what each box has said of them."""
