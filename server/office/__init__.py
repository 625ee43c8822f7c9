"""Offices, and the check-in that each rep makes at one of them once a week."""
