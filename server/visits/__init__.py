"""Visits: check-in, check-out, notes, and the one judge of positions."""
