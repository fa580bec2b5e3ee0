"""Facts: what happened, how grave, and its words in both languages, one class for each code and case. Pure."""
