"""The right of reply: what a rep answers to the flags of a visit of their own."""
