"""Storewalk: the JSON API for field visits, evidence photos and their audit."""
