"""Rescue files: the unsent work of a phone as one zip, entered by the office for its author."""
