"""What waits for two persons 待核, and what they decide; reports of theft."""
