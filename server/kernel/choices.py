"""A query parameter with several values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields


class Choices(fields.List[str]):
    """Several values, repeated or separated by commas: verdict=on_site,uncertain."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[Any]:
        texts = value if isinstance(value, list) else [value]
        parts = [part for text in texts for part in str(text).split(",") if part]
        return super()._deserialize(parts, attr, data, **kwargs)
