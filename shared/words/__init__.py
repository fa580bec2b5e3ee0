"""What every part needs to speak to people: a text in both languages, the one that is spoken, spans of time."""
