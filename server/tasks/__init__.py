"""Tasks: what a supervisor gives a rep to do, and what became of it."""
