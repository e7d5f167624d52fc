"""Property values keep their secrets and their not-yet-known parts on the way through a lab plugin."""

import pulumi
import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

from lab.plugins.properties import (
    UNKNOWN,
    UnsupportedValueError,
    has_unknown,
    outputs,
    plain,
    plain_map,
    redact,
    secret,
    secret_strings,
    wrap,
)


def test_what_crosses_the_wire_comes_back_as_plain_python() -> None:
    sent = wrap({"ports": [{"internal": 25, "open": True}], "unset": None, "soon": UNKNOWN})
    received = PropertyValue.unmarshal(sent.marshal())
    assert plain(received) == {"ports": [{"internal": 25.0, "open": True}], "unset": None, "soon": UNKNOWN}


def test_a_secret_inside_a_list_of_inputs_is_a_secret_in_the_outputs() -> None:
    upload = PropertyValue({"file": wrap("/data/key"), "content": secret("PEM")})
    result = outputs({"uploads": PropertyValue([upload])}, {"exitCode": 0})
    marked = result["uploads"].marshal()
    assert (
        marked.list_value.values[0]
        .struct_value.fields["content"]
        .struct_value.fields[rpc._special_sig_key]
        .string_value
        == rpc._special_secret_sig
    )
    assert plain_map(result) == {"uploads": [{"file": "/data/key", "content": "PEM"}], "exitCode": 0.0}


def test_a_computed_value_in_the_place_of_a_secret_input_is_a_secret() -> None:
    assert outputs({"content": secret("old")}, {"content": "new"})["content"].is_secret


def test_unknown_is_found_at_any_depth() -> None:
    assert has_unknown([{"a": [UNKNOWN]}])
    assert not has_unknown([{"a": [None, "", 0.0]}])


def test_an_archive_is_refused_by_its_name() -> None:
    with pytest.raises(UnsupportedValueError, match="FileArchive"):
        plain(PropertyValue(pulumi.FileArchive("./site")))


def test_no_line_of_a_secret_survives_redaction() -> None:
    inputs = {
        "env": PropertyValue({"KEY": wrap("inner secret\n  line two {\n}")}, is_secret=True),
        "pin": secret("1234"),
        "name": wrap("plain"),
    }
    text = redact("{failed: 'line two {' for plain, inner secret, 1234}", secret_strings(inputs))
    assert text == "{failed: '[secret]' for plain, [secret], [secret]}"
