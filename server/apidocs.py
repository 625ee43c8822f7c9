"""The API's documentation page, made from the OpenAPI document: no script, no foreign host."""

from __future__ import annotations

from typing import Any

from flask import render_template_string

from server.kernel.problems import catalogue
from server.openapi import METHODS, document


def render() -> str:
    """The page as HTML."""
    spec = document()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in sorted(spec["paths"].items()):
        for method in METHODS:
            if method in item:
                operation = item[method]
                tag = (operation.get("tags") or ["other"])[0]
                groups.setdefault(tag, []).append(_row(path, method, operation, item))
    return render_template_string(
        _PAGE,
        groups=sorted(groups.items()),
        schemas=sorted(spec.get("components", {}).get("schemas", {}).items()),
        problems=sorted(catalogue().values(), key=lambda kind: (kind.status, kind.code)),
        describe=_describe,
    )


def _row(path: str, method: str, operation: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    answers = []
    for status, response in sorted(operation.get("responses", {}).items()):
        if status == "default":
            continue
        content = response.get("content", {}) if "$ref" not in response else {}
        kinds = [_describe(value.get("schema", {})) for value in content.values()]
        answers.append(f"{status} {' '.join(kinds)}".strip())
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": [*item.get("parameters", []), *operation.get("parameters", [])],
        "body": [(kind, _describe(value.get("schema", {}))) for kind, value in body.items()],
        "answers": answers,
        "public": not operation.get("security"),
    }


def _describe(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        kind = " or ".join(kind)
    if kind == "array":
        return f"list of {_describe(schema.get('items', {}))}"
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    return str(kind) + (f" ({schema['format']})" if "format" in schema else "")


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Storewalk API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1c2733}
h2{margin-top:2.5rem;border-bottom:1px solid #d5dde5}
article{margin:1rem 0;padding:.75rem 1rem;border:1px solid #d5dde5;border-radius:.5rem}
article h3{margin:0;font-size:1rem;overflow-wrap:anywhere}
.m{display:inline-block;min-width:4rem;color:#0a5bb5}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{text-align:left;padding:.2rem .6rem .2rem 0;vertical-align:top;overflow-wrap:anywhere}
p{margin:.4rem 0}a{color:#0a5bb5}
</style></head><body><main>
<h1>Storewalk API</h1>
<p>The machine-readable form is <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).
Log in with <code>POST /api/v1/session</code> and send the token as
<code>Authorization: Bearer …</code>. Errors are problem documents (RFC 9457), listed below.</p>
{% for tag, rows in groups %}<h2>{{ tag }}</h2>
{% for row in rows %}<article><h3><span class="m">{{ row.method }}</span><code>{{ row.path }}</code>
</h3><p>{{ row.summary }}{% if row.public %} (no log-in needed){% endif %}</p>
{% if row.description %}<p>{{ row.description }}</p>{% endif %}
{% if row.parameters %}<table>
{% for p in row.parameters if p.name %}<tr><td><code>{{ p.name }}</code></td>
<td>{{ p.get("in") }}{% if p.required %}, required{% endif %}</td>
<td>{{ describe(p.get("schema", {})) }}</td></tr>
{% endfor %}</table>{% endif %}
{% for kind, name in row.body %}<p>Body: <code>{{ kind }}</code> {{ name }}</p>{% endfor %}
<p>Answers: {{ row.answers | join("; ") }}</p></article>{% endfor %}{% endfor %}
<h2>Shapes</h2>
{% for name, schema in schemas %}<article id="{{ name }}"><h3>{{ name }}</h3>
<p>{{ schema.description or "" }}</p><table>
{% for field, value in schema.get("properties", {}).items() %}<tr><td><code>{{ field }}</code></td>
<td>{{ describe(value) }}{% if field in schema.get("required", []) %}, always{% endif %}</td>
<td>{{ value.get("description", "") }}</td></tr>{% endfor %}</table></article>{% endfor %}
<h2>Problems</h2><table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>
{% for kind in problems %}<tr><td><code>{{ kind.code }}</code></td><td>{{ kind.status }}</td>
<td>{{ kind.title.en }}. {{ kind.remedy.en }}<br><span lang="zh-CN">{{ kind.title.zh }}。
{{ kind.remedy.zh }}</span></td></tr>{% endfor %}</table>
</main></body></html>"""
