"""Stores: where they are, who visits them, and how they come in from a file."""
