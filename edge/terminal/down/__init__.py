"""What comes down to a terminal: documents of the fleet, proven here, durable here, in use here. Pure."""
