"""A process of the platform: settings, signals, HTTPS."""
