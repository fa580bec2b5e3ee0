"""Words about the fleet: documents, cards that terminals refuse, parameters, jobs, in both languages. Pure."""
