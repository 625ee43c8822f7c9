"""The small core that every feature stands on; it knows no feature."""
