"""What this feature holds about a person: nothing but who planned a campaign for the company."""

from __future__ import annotations

from typing import Final

from server.kernel.held import Section

SECTIONS: Final[tuple[Section, ...]] = ()
