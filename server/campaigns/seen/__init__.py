"""What reps saw of a campaign at its stores: material that is there, or missing, and why."""
