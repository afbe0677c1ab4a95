"""
PURE. JSON Schema of our structs: types and bounds, with the words of their docstrings.

msgspec's own generator knows no value types of ours and keeps a docstring in one
piece; here the `Attributes:` of a struct become the descriptions of its fields.
"""

import inspect
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import msgspec.inspect as mi

from schemas.event_base import EventBase
from schemas.values import PERIOD_FORM, Period, PositiveQuantity, Price, Quantity

Schema = dict[str, Any]

# Leading zeros are let in up to thirteen digits, as by the value types.
_AMOUNT = r"(?:0?[0-9]{1,12}(?:\.[0-9]{1,6})?|10{12}(?:\.0{1,6})?)"

VALUE_TYPES: Final[dict[type, Schema]] = {
    Price: {
        "type": "string",
        "pattern": f"^-?{_AMOUNT}$",
        "description": "Money per unit, exact: -10^12 to 10^12, up to six decimals.",
        "examples": ["12.50", "-3362.95"],
    },
    Quantity: {
        "type": "string",
        "pattern": f"^{_AMOUNT}$",
        "description": "Units of a product, exact: 0 to 10^12, up to six decimals.",
        "examples": ["0", "1.5"],
    },
    PositiveQuantity: {
        "type": "string",
        "pattern": f"^(?=.*[1-9]){_AMOUNT}$",
        "description": "Units of a product, exact: above 0, to 10^12, up to six "
        "decimals.",
        "examples": ["6"],
    },
    Period: {
        "type": "string",
        "pattern": f"^(?:{PERIOD_FORM.pattern})$",
        "description": "An ISO week, a day or an hour in UTC, from 2000 to 2099.",
        "examples": ["2011-W44", "2011-10-31", "2011-10-31T14"],
    },
}

PRINTABLE: Final[Schema] = {
    "not": {"pattern": "[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]"}
}
"""What the texts of an event hold besides their lengths."""

SENT_TIME: Final[Schema] = {
    "type": "string",
    "format": "date-time",
    "pattern": "^(?:1999|20[0-9]{2}|2100)-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:"
    "[0-9]{2}(?:\\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$",
}
"""RFC 3339 with an offset; from 2000 to 2099 in UTC."""

SUM: Final[Schema] = {
    "type": "string",
    "pattern": r"^-?[0-9]+(?:\.[0-9]+)?$",
}
"""A decimal of a row: a sum may exceed the bounds of what was sent."""

_ATTRIBUTE = re.compile(r"^    (?P<names>\w+(?:, \w+)*): (?P<text>.*)$")


def definitions(
    kinds: Iterable[type[msgspec.Struct]], raw: dict[tuple[str, str], str]
) -> dict[str, Schema]:
    """
    Return the schemas of structs and of all structs that they hold, by name.

    Args:
        kinds: the structs.
        raw: what a field of raw JSON holds: (struct, field) -> name of a definition.
    """
    found: dict[str, Schema] = {}
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop(0)
        if kind.__name__ not in found:
            described = _Description(kind, raw)
            found[kind.__name__] = described.schema()
            waiting += described.holds
    return found


def reference(name: str) -> Schema:
    """Return a reference to a definition."""
    return {"$ref": f"#/$defs/{name}"}


class _Description:
    # One struct's schema, and the structs that it refers to.

    def __init__(
        self, kind: type[msgspec.Struct], raw: dict[tuple[str, str], str]
    ) -> None:
        self.kind = kind
        self.holds: list[type[msgspec.Struct]] = []
        self._raw = raw
        self._field = ""

    def schema(self) -> Schema:
        info = mi.type_info(self.kind)
        if not isinstance(info, mi.StructType):
            raise AssertionError(f"{self.kind.__name__} is no struct")
        text, attributes = _documentation(self.kind)
        schema: Schema = {"title": self.kind.__name__}
        if text:
            schema["description"] = text
        parts: dict[str, Schema] = {}
        if info.tag_field is not None:
            parts[info.tag_field] = {"const": info.tag}
        for field in info.fields:
            self._field = field.encode_name
            part = self._of(field.type)
            if field.name in attributes:
                part = _with(part, description=attributes[field.name])
            if not field.required and not isinstance(field.type, mi.StructType):
                part = _with(part, default=_default(field))
            parts[field.encode_name] = part
        required = [field.encode_name for field in info.fields if field.required]
        if info.array_like:
            schema |= {"type": "array", "prefixItems": list(parts.values())}
            schema |= {"minItems": len(parts)}
            if info.forbid_unknown_fields:
                schema |= {"maxItems": len(parts)}
            return schema
        schema |= {"type": "object", "properties": parts}
        schema["required"] = [*([info.tag_field] if info.tag_field else []), *required]
        if info.forbid_unknown_fields:
            schema["additionalProperties"] = False
        return schema

    def _of(self, info: mi.Type) -> Schema:
        match info:
            case mi.StructType():
                self.holds.append(info.cls)
                return reference(info.cls.__name__)
            case mi.CustomType():
                return dict(VALUE_TYPES[info.cls])
            case mi.UnionType():
                return {"anyOf": [self._of(member) for member in info.types]}
            case mi.LiteralType():
                return {"enum": list(info.values)}
            case mi.NoneType():
                return {"type": "null"}
            case mi.BoolType():
                return {"type": "boolean"}
            case mi.IntType() | mi.FloatType():
                name = "integer" if isinstance(info, mi.IntType) else "number"
                return {"type": name} | _bounds(
                    minimum=info.ge,
                    exclusiveMinimum=info.gt,
                    maximum=info.le,
                )
            case mi.StrType():
                lengths = _bounds(minLength=info.min_length, maxLength=info.max_length)
                event = issubclass(self.kind, EventBase)
                return {"type": "string"} | lengths | (PRINTABLE if event else {})
            case mi.BytesType():
                return {"type": "string", "contentEncoding": "base64"}
            case mi.DateTimeType():
                sent = issubclass(self.kind, EventBase)
                return dict(SENT_TIME) if sent else _time()
            case mi.DecimalType():
                return dict(SUM)
            case mi.VarTupleType():
                return {"type": "array", "items": self._of(info.item_type)} | _bounds(
                    minItems=info.min_length, maxItems=info.max_length
                )
            case mi.TupleType():
                parts = [self._of(part) for part in info.item_types]
                count = len(parts)
                return {"type": "array", "prefixItems": parts} | _bounds(
                    minItems=count, maxItems=count
                )
            case mi.DictType():
                values = self._of(info.value_type)
                return {"type": "object", "additionalProperties": values}
            case mi.RawType():
                return reference(self._raw[self.kind.__name__, self._field])
        raise AssertionError(
            f"{self.kind.__name__}.{self._field}: {info} has no schema"
        )


def _with(schema: Schema, **more: Any) -> Schema:
    # Older drafts ignore what stands beside a reference.
    return ({"allOf": [schema]} if "$ref" in schema else schema) | more


def _bounds(**bounds: float | None) -> Schema:
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _time() -> Schema:
    return {"type": "string", "format": "date-time"}


def _default(field: mi.Field) -> Any:
    default: Any = field.default
    if default is msgspec.NODEFAULT:
        factory: Any = field.default_factory
        default = factory()
    return msgspec.json.decode(msgspec.json.encode(default, enc_hook=str))


def _documentation(kind: type[msgspec.Struct]) -> tuple[str, dict[str, str]]:
    # The text of the struct's own docstring; the attributes of its parents' too.
    attributes: dict[str, str] = {}
    text = ""
    for parent in reversed(kind.__mro__):
        if issubclass(parent, msgspec.Struct) and parent is not msgspec.Struct:
            text, own = _parts(parent.__doc__ or "")
            attributes |= own
    return text, attributes


def _parts(docstring: str) -> tuple[str, dict[str, str]]:
    # JSON calls None null.
    lines = re.sub(r"\bNone\b", "null", inspect.cleandoc(docstring)).splitlines()
    split = lines.index("Attributes:") if "Attributes:" in lines else len(lines)
    attributes: dict[str, str] = {}
    names: list[str] = []
    for line in lines[split + 1 :]:
        if found := _ATTRIBUTE.match(line):
            names = found["names"].split(", ")
            attributes |= dict.fromkeys(names, found["text"])
        elif line.strip():
            attributes |= {n: f"{attributes[n]} {line.strip()}" for n in names}
    paragraphs = "\n".join(lines[:split]).strip().split("\n\n")
    return "\n\n".join(" ".join(p.split()) for p in paragraphs), attributes
