"""How often somebody may try to log in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast

from flask import Flask, request
from flask_limiter import Limiter, RequestLimit
from flask_limiter.util import get_remote_address

from server.config import Settings, settings
from server.kernel import problems
from server.kernel.problems import Problem

F = TypeVar("F", bound=Callable[..., Any])


def _refuse(breached: RequestLimit) -> NoReturn:
    # Said here, since the limiter's own headers would put a Retry-After on every answer.
    wait_s = max(1, int(breached.reset_at - time.time()))
    raise Problem(problems.RATE_LIMITED, headers={"Retry-After": str(wait_s)})


limiter = Limiter(key_func=get_remote_address, on_breach=_refuse)


def _address_and_name() -> str:
    """Count each name from each address apart: a shop's whole Wi-Fi shares one address."""
    body = request.get_json(silent=True)
    name = body.get("username") if isinstance(body, dict) else None
    name = name.strip().lower()[:64] if isinstance(name, str) else ""
    return f"{get_remote_address()}|{name}"


def limit_logins(view: F) -> F:
    """Refuse a log-in (429, with Retry-After) when there were too many wrong tries."""
    limited = limiter.limit(
        lambda: settings().login_rate,
        key_func=_address_and_name,
        deduct_when=lambda response: response.status_code == 401,
    )(view)
    return cast("F", limited)


def install(app: Flask, rules: Settings) -> None:
    """Use Redis for the counters where it is configured, else this process's memory."""
    app.config["RATELIMIT_STORAGE_URI"] = rules.redis_url or "memory://"
    limiter.init_app(app)
