"""The week: its rule, how each rep stands in it, exemptions, make-ups, and the board."""
