"""Stand-ins for what a school has outside: a modem, a gateway, a provider. They ship, and misbehave on demand."""
