"""The stock ops of the contract: what a rep gives on, sends back, gets and counts."""

from __future__ import annotations

from typing import Final

from tests.contract.company import MATERIAL, PEOPLE, THEIRS, UNDER_WAY, fixed_id
from tests.contract.phone import LATER, Json, op

_MOVED: Final[Json] = {
    "material_id": MATERIAL,
    "batch_id": None,
    "quantity": 2,
    "note": "",
    "at": LATER,
}
COUNTED: Final[Json] = {
    "material_id": MATERIAL,
    "batch_id": None,
    "counted": 4,
    "seen": 5,
    "note": "包里数过",
    "at": LATER,
}
_GOT: Final[Json] = {"quantity": 5, "note": "少一个", "at": LATER}

# By kind: payload, what makes it another, the record, and ops to be rejected and deferred.
CASES: Final[dict[str, tuple[Json, Json, str, list[Json], list[Json]]]] = {
    "stock.transfer": (
        _MOVED | {"to_id": PEOPLE["other"]},
        {"quantity": 3},
        fixed_id("f6", 10),
        [
            op(
                "stock.transfer",
                23,
                _MOVED | {"to_id": PEOPLE["other"], "batch_id": fixed_id("d2", 9)},
                fixed_id("f6", 23),
            ),
            op("stock.transfer", 21, _MOVED | {"to_id": PEOPLE["rep"]}, fixed_id("f6", 21)),
            op(
                "stock.transfer",
                22,
                _MOVED | {"to_id": PEOPLE["other"], "quantity": 0},
                fixed_id("f6", 22),
            ),
        ],
        [],
    ),
    "stock.return": (
        _MOVED | {"warehouse_id": "main"},
        {"quantity": 3},
        fixed_id("f7", 10),
        [op("stock.return", 21, _MOVED | {"warehouse_id": "nowhere"}, fixed_id("f7", 21))],
        [],
    ),
    "stock.confirm": (
        _GOT,
        {"quantity": 6},
        UNDER_WAY,
        [
            op("stock.confirm", 21, _GOT | {"quantity": 6}, UNDER_WAY),
            op("stock.confirm", 22, _GOT, THEIRS),
        ],
        [op("stock.confirm", 32, _GOT, fixed_id("d1", 99))],
    ),
    "stock.count": (
        COUNTED,
        {"counted": 3},
        fixed_id("f8", 10),
        [op("stock.count", 21, COUNTED | {"counted": -1}, fixed_id("f8", 21))],
        [],
    ),
}
