"""Doubtful visits before a supervisor: ranked, decided on, undone, and re-audited blindly."""
