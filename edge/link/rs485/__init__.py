"""RS-485: COBS frames, polling, conversations; the door to pyserial."""
