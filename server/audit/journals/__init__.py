"""The journal as a file for the office."""
