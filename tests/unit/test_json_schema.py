"""JSON Schema of structs: every type that we use, with its bounds and its words."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import jsonschema
import msgspec
import pytest
from msgspec import Meta

from schemas.errors import InvalidValue
from schemas.event_base import ProductEvent
from schemas.json_schema import VALUE_TYPES, definitions, reference
from schemas.values import Period, PositiveQuantity, Price, Quantity


class Inner(msgspec.Struct, array_like=True):
    """A list: [first]."""

    first: int


class Sample(msgspec.Struct, tag="sample", tag_field="type", kw_only=True):
    """
    A first paragraph
    over two lines.

    A second one.

    Attributes:
        text, count: what both
            are.

        inner: the one.
    """

    text: Annotated[str, Meta(min_length=1, max_length=3)]
    count: Annotated[int, Meta(ge=0, le=9)] = 5
    ratio: Annotated[float, Meta(gt=0)] | None = None
    flag: bool = False
    choice: Literal["a", "b"] = "a"
    raw: msgspec.Raw = msgspec.Raw(b"null")
    inner: Inner
    others: tuple[Inner, ...] = ()
    sums: dict[str, Decimal] = {}
    blob: bytes = b""
    when: datetime | None = None
    amount: Quantity = Quantity("0")


def sample() -> dict[str, Any]:
    return definitions([Sample], {("Sample", "raw"): "Other"})


def test_a_struct_and_what_it_holds_are_defined_once():
    assert set(sample()) == {"Sample", "Inner"}


def test_a_docstrings_attributes_describe_the_fields():
    schema = sample()["Sample"]
    assert schema["description"] == "A first paragraph over two lines.\n\nA second one."
    fields = schema["properties"]
    assert fields["text"]["description"] == "what both are."
    assert fields["count"]["description"] == "what both are."
    assert fields["inner"] == {"allOf": [reference("Inner")], "description": "the one."}
    assert "description" not in fields["flag"]


def test_types_and_bounds_and_defaults_are_those_of_the_struct():
    fields = sample()["Sample"]["properties"]
    assert fields["type"] == {"const": "sample"}
    assert fields["text"].items() >= {"minLength": 1, "maxLength": 3}.items()
    assert fields["count"].items() >= {"minimum": 0, "maximum": 9, "default": 5}.items()
    assert fields["ratio"]["anyOf"] == [
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "null"},
    ]
    assert fields["flag"] == {"type": "boolean", "default": False}
    assert fields["choice"] == {"enum": ["a", "b"], "default": "a"}
    assert fields["raw"]["allOf"] == [reference("Other")]
    assert fields["others"] == {
        "type": "array",
        "items": reference("Inner"),
        "default": [],
    }
    assert fields["sums"]["additionalProperties"]["type"] == "string"
    assert fields["sums"]["default"] == {}
    assert fields["blob"]["contentEncoding"] == "base64"
    assert fields["when"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert fields["amount"]["default"] == "0"


def test_what_has_no_default_is_required_and_unknown_fields_are_as_the_struct_says():
    schema = sample()["Sample"]
    assert schema["required"] == ["type", "text", "inner"]
    assert "additionalProperties" not in schema
    [event] = definitions([ProductEvent], {}).values()
    assert event["additionalProperties"] is False


def test_a_list_like_struct_is_a_list():
    inner = sample()["Inner"]
    assert inner["prefixItems"] == [{"type": "integer"}]
    assert inner["minItems"] == 1
    assert "properties" not in inner


def test_the_texts_of_events_are_printable():
    [event] = definitions([ProductEvent], {}).values()
    valid = jsonschema.Draft202012Validator(event["properties"]["event_id"]).is_valid
    assert valid("85123A Müsli 日本")
    for bad in ("a\n", "\x00", "a\x7f", "\x9f", "\u2028", "", "x" * 65, 5):
        assert not valid(bad)


def test_a_struct_without_words_and_what_is_no_struct():
    class Bare(msgspec.Struct):
        odd: complex

    with pytest.raises((AssertionError, KeyError)):
        definitions([Bare], {})
    with pytest.raises(AssertionError, match="dict is no struct"):
        definitions([dict], {})  # type: ignore[list-item]  # that is the point


def test_a_type_that_the_wire_does_not_have_is_a_fault_of_ours():
    class Unheard(msgspec.Struct):
        value: set[int]

    with pytest.raises(AssertionError, match=r"Unheard\.value: .* has no schema"):
        definitions([Unheard], {})


@pytest.mark.parametrize("kind", VALUE_TYPES)
@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-0",
        "0.000000",
        "1",
        "-1",
        "0.000001",
        "12.50",
        "007",
        "0999999999999.999999",
        "999999999999.999999",
        "1000000000000",
        "1000000000000.000000",
        "1000000000000.000001",
        "1000000000001",
        "-1000000000000",
        "0000000000001",
        "00000000000001",
        "1e3",
        "",
        ".5",
        "5.",
        "1.0000000",
        "NaN",
        "2011-W44",
        "2011-W54",
        "1999-W52",
        "1999-W51",
        "2011-10-31",
        "2011-10-31T14",
        "2011-10-31T24",
        "2100-01-01",
    ],
)
def test_a_pattern_lets_in_what_its_value_type_does(kind, text):
    assert {Price, Quantity, PositiveQuantity, Period} == set(VALUE_TYPES)
    try:
        kind(text)
    except InvalidValue:
        let_in = False
    else:
        let_in = True
    valid = jsonschema.Draft202012Validator(VALUE_TYPES[kind]).is_valid
    assert valid(text) is let_in


@pytest.mark.parametrize("kind", VALUE_TYPES)
def test_the_examples_of_a_value_type_are_some(kind):
    assert all(kind(text) for text in VALUE_TYPES[kind]["examples"] if text != "0")
