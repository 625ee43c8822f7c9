"""What the validation says of a field, in the caller's language."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from marshmallow import Schema, ValidationError, fields, validate

from server.kernel.validation import say, words_for

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _schemas(parent: type[Schema] = Schema) -> Iterator[type[Schema]]:
    for found in parent.__subclasses__():
        yield from _schemas(found)
        if found.__module__.startswith("server."):
            yield found


def _fields(field: fields.Field) -> Iterator[fields.Field]:
    yield field
    for name in ("inner", "key_field", "value_field"):
        inside = getattr(field, name, None)
        if isinstance(inside, fields.Field):
            yield from _fields(inside)


def _said_by(rule: object) -> Iterator[str]:
    """Everything a validator can say, provoked with values that do not fit."""
    for value in ("", "x" * 10_000, -(10**18), 10**18, [], ["x"] * 10_000, "§"):
        try:
            rule(value)
        except ValidationError as error:
            yield from error.messages
        except TypeError:
            continue  # a length of a number


def test_every_sentence_of_our_schemas_is_known_in_both_languages(app: Flask) -> None:
    said: set[str] = set()
    for schema in _schemas():
        said.update(schema().error_messages.values())
        for declared in schema().fields.values():
            for field in _fields(declared):
                words = dict(field.error_messages)
                # Words of fields that are only ever written.
                words.pop("format", None)
                said.update(words.values())
                for rule in field.validators:
                    said.update(_said_by(rule))
    assert len(said) > 30
    assert sorted(one for one in said if words_for(one) is None) == []
    for one in said:
        assert CHINESE.search(say(one, "zh-CN")), one
        assert "{" not in say(one, "zh-CN").replace("{awareness}", "").replace("{obj_type}", "")


@pytest.mark.parametrize(
    ("rule", "value", "zh", "en"),
    [
        (validate.Range(1, 100), 0, "应在 1 到 100 之间。", "Must be from 1 to 100."),
        (validate.Range(min=3), 2, "不能小于 3。", "Must be at least 3."),
        (validate.Range(max=3), 4, "不能大于 3。", "Must be at most 3."),
        (validate.Length(1, 40), "", "必填，长度不能超过 40。", None),
        (validate.Length(2, 5), "x", "长度应为 2 至 5。", "The length must be 2 to 5."),
        (validate.Length(max=3), "xxxx", "长度不能超过 3。", "Give at most 3."),
        (validate.OneOf(["a", "b"]), "c", "只能是：a, b。", "Must be one of: a, b."),
    ],
)
def test_numbers_stand_in_the_words(rule, value, zh: str, en: str | None) -> None:
    with pytest.raises(ValidationError) as raised:
        rule(value)
    (message,) = raised.value.messages
    assert say(message, "zh-CN") == zh
    assert en is None or say(message, "en") == en


def test_an_unknown_sentence_stays_as_it_is() -> None:
    assert say("Something else entirely.", "zh-CN") == "Something else entirely."


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "必填。"), ("en", "This is required.")])
def test_an_answer_speaks_the_callers_language(app: Flask, language: str, words: str) -> None:
    answer = app.test_client().post(
        "/api/v1/session", json={"username": "x"}, headers={"Accept-Language": language}
    )
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"field": "password", "message": words}]
