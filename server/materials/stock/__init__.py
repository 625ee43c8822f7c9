"""Stock on the move: warehouses, issues, transfers, returns, counts, adjustments, lists, files."""
