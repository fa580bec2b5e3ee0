"""The box's durable store: accepted means synced; dropped only what was named."""
