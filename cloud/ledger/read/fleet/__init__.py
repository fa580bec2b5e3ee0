"""What the fleet is told and says, as pages and commands ask for it."""
