"""How the platform itself is: services, metrics, wall screens, docked devices of others, the first steps."""
