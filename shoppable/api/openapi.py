"""The description of the JSON API, made from what is mounted: a view without a description has no route here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from shoppable.shapes import Problem

View = TypeVar("View", bound=Callable[..., Any])
Schema = dict[str, Any]

_DESCRIBED = "__operation__"
_REFERENCE = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    description: str
    schema: Schema = field(default_factory=lambda: {"type": "string"})
    where: str = "query"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `answers` maps a status to the shape of its body; None: no JSON body."""

    summary: str
    answers: Mapping[int, type | None]
    parameters: Sequence[Parameter] = ()
    body: type | None = None
    photo: bool = False  # the body may be multipart/form-data with a part `photo`
    problems: Sequence[int] = (400, 429)
    key: bool = False
    stream: bool = False


def describes(operation: Operation) -> Callable[[View], View]:
    """Marks a view with what it takes and gives."""

    def mark(view: View) -> View:
        setattr(view, _DESCRIBED, operation)
        return view

    return mark


def operations(app: Flask) -> list[tuple[str, str, Operation]]:
    """Every described (path, method, operation) that is really mounted."""
    found = []
    for rule in app.url_map.iter_rules():
        described = getattr(app.view_functions[rule.endpoint], _DESCRIBED, None)
        if described is None:
            continue
        path = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule)
        found += [(path, method.lower(), described) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return sorted(found, key=lambda item: item[:2])


def document(app: Flask, *, title: str, address: str) -> Schema:
    """OpenAPI 3.1 for this application."""
    listed = operations(app)
    shapes: dict[str, type] = {"Problem": Problem}
    for _, _, operation in listed:
        for shape in (operation.body, *operation.answers.values()):
            if shape is not None:
                shapes[shape.__name__] = shape
    adapters: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        (name, "validation", TypeAdapter(shape)) for name, shape in sorted(shapes.items())
    ]
    references, definitions = TypeAdapter.json_schemas(adapters, ref_template=_REFERENCE)
    by_name = {str(name): schema for (name, _), schema in references.items()}
    paths: dict[str, Schema] = {}
    for path, method, operation in listed:
        paths.setdefault(path, {})[method] = _operation(path, operation, by_name)
    components: Schema = {"schemas": definitions.get("$defs", {})}
    if any(operation.key for _, _, operation in listed):
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "servers": [{"url": address}],
        "paths": paths,
        "components": components,
    }


def _operation(path: str, operation: Operation, by_name: Mapping[str, Schema]) -> Schema:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{([a-z_]+)\}", path)
    ]
    parameters += [
        {"name": p.name, "in": p.where, "required": False, "description": p.description, "schema": p.schema}
        for p in operation.parameters
    ]
    described: Schema = {"summary": operation.summary, "parameters": parameters, "responses": {}}
    content: Schema = {}
    if operation.body is not None:
        content["application/json"] = {"schema": by_name[operation.body.__name__]}
    if operation.photo:
        content["multipart/form-data"] = {"schema": _PHOTO_FORM}
    if content:
        described["requestBody"] = {"required": True, "content": content}
    for status, shape in operation.answers.items():
        answer: Schema = {"description": operation.summary}
        if shape is not None:
            answer["content"] = {"application/json": {"schema": by_name[shape.__name__]}}
        if operation.stream:
            answer.setdefault("content", {})["text/event-stream"] = {"schema": {"type": "string"}}
        described["responses"][str(status)] = answer
    problem = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    for status in operation.problems:
        described["responses"][str(status)] = {"description": "Problem details", "content": problem}
    if operation.key:
        described["security"] = [{"key": []}]
    return described


_PHOTO_FORM: Schema = {
    "type": "object",
    "required": ["photo"],
    "properties": {
        "photo": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP, GIF or HEIC, at most 10 MB."},
        "words": {"type": "string"},
        "box": {"type": "string", "description": "The part that is meant: left,top,right,bottom as fractions."},
    },
}
