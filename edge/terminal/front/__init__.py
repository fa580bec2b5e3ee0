"""A real body's front: keypad, display, beeper, a contactless field and a PSAM in readers, around the same station."""
