"""My data: everything held about a person, for that person."""
