"""The phone's way in and out: push (ops) and pull (the change feed)."""
