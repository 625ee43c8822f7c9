"""Looking at what was reported: the map's clusters and its place names."""
