"""The line between front and accounts: what is asked, in which bounds, and how a refusal is said. Pure."""
