"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# A deadline would judge the machine and not the code: our tests run beside other work.
settings.register_profile("storewalk", deadline=None)
settings.load_profile("storewalk")
