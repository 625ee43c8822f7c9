"""People, regions and log-in sessions."""
