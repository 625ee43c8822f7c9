"""Records as they go over the wire."""

from __future__ import annotations

from typing import Any

import orjson


def as_written(document: Any) -> Any:
    """What a reader of the JSON sees: documents that only pass through are bytes before that."""
    return orjson.loads(orjson.dumps(document))
