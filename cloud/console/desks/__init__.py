"""Card desks beyond the browser: their agents ask here what to do, and say what became of it."""
