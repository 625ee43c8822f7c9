"""The project's figures: `python -m tests.bench`."""
