"""Reminding reps of the week: in the app, by Web Push, and by a calendar feed."""
