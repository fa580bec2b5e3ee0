"""Words for roll-outs: of firmware to terminals, of releases to boxes, and what both ask alike."""
