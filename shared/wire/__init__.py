"""Messages between box and platform, and to the key process: values, bytes, topics."""
