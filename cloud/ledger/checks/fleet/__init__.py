"""Laws about the fleet: documents as they were made, and orders about terminals."""
