"""What the centre wants of the fleet: documents, made, signed by the key process, and sent to boxes that lack them."""
