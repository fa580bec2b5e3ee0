"""A box as a process: settings, links, outbox and broker put together around the pure box."""
