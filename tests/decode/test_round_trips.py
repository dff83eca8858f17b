"""Whatever is encoded is found, and the range that is reported really holds it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from secrets_guard.model.finding import Location
from secrets_guard.model.span import Span

FEW = settings(max_examples=50, deadline=None, derandomize=True)
AROUND = st.text("abcdefgXYZ0189 .,:;=-_\"'", max_size=90)

_BREAKS = rb"\s|\\+[rn]"
Code = Callable[[bytes], bytes]


def wrapped(width: int, newline: bytes, indent: bytes) -> Code:
    def encode(plain: bytes) -> bytes:
        flat = base64.b64encode(plain)
        return (newline + indent).join(flat[i : i + width] for i in range(0, len(flat), width))

    return encode


def each(form: str) -> Code:
    return lambda plain: "".join(form.format(byte) for byte in plain).encode()


def unbase64(cut: bytes) -> bytes:
    """Decode from any of the four places of a group: a cut need not begin with a whole one."""
    compact = re.sub(_BREAKS, b"", cut).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    forms = [b"A" * lead + compact for lead in range(4)]
    return b"\n".join(
        base64.b64decode((form[:-1] if len(form) % 4 == 1 else form) + b"=" * (-len(form) % 4)) for form in forms
    )


def unescape(pattern: bytes, base: int) -> Code:
    return lambda cut: bytes(int(number, base) for number in re.findall(pattern, cut))


FORMS: dict[str, tuple[str, Code, Code]] = {
    "standard": ("base64", base64.b64encode, unbase64),
    "standard unpadded": ("base64", lambda plain: base64.b64encode(plain).rstrip(b"="), unbase64),
    "urlsafe": ("base64", base64.urlsafe_b64encode, unbase64),
    "urlsafe unpadded": ("base64", lambda plain: base64.urlsafe_b64encode(plain).rstrip(b"="), unbase64),
    "hex": ("hex", lambda plain: plain.hex().encode(), lambda cut: bytes.fromhex(cut.decode())),
    "HEX": ("hex", lambda plain: plain.hex().upper().encode(), lambda cut: bytes.fromhex(cut.decode())),
    "percent": ("percent", each("%{:02X}"), unescape(rb"%(..)", 16)),
    "percent, lower case": ("percent", each("%{:02x}"), unescape(rb"%(..)", 16)),
    "\\u": ("unicode-escape", each("\\u{:04x}"), unescape(rb"u(....)", 16)),
    "\\x": ("unicode-escape", each("\\x{:02x}"), unescape(rb"x(..)", 16)),
    "\\u{}": ("unicode-escape", each("\\u{{{:x}}}"), unescape(rb"{(..)}", 16)),
    "&#x": ("unicode-escape", each("&#x{:x};"), unescape(rb"x(..);", 16)),
    "&#": ("unicode-escape", each("&#{};"), unescape(rb"#(\d+);", 10)),
} | {
    f"wrapped at {width}, {newline!r}, {indent!r}": ("base64", wrapped(width, newline, indent), unbase64)
    for width in (64, 70, 76)
    for newline in (b"\n", b"\r\n")
    for indent in (b"", b"    ", b"\t")
}
FORMS |= {
    f"wrapped at {width} by {spelt!r} in a string": ("base64", wrapped(width, spelt, b""), unbase64)
    for width in (64, 76)
    for spelt in (b"\\n", b"\\r\\n", b"\\\\n")
}


def place(content: bytes, span: Span) -> tuple[int, int, int, int]:
    """Return (line, end line, column, end column) counted in the plainest way."""

    def at(offset: int) -> tuple[int, int]:
        lines = content[:offset].decode().split("\n")
        return len(lines), len(lines[-1]) + 1

    first, last = at(span.start), at(span.end - 1)
    return first[0], last[0], first[1], last[1]


@pytest.mark.parametrize("form", FORMS)
@FEW
@given(before=AROUND, after=AROUND, newline=st.sampled_from([b"\n", b"\r\n"]))
@example(before="", after="", newline=b"\n")
def test_an_encoded_token_is_found_in_its_true_place(
    swept: Any, token: bytes, form: str, before: str, after: str, newline: bytes
) -> None:
    name, encode, undo = FORMS[form]
    plain = b" ".join((before.encode(), token, after.encode()))
    content = newline.join(("naïve ✓ 😀".encode(), "größe 値: ".encode() + encode(plain), b"end", b""))
    result = swept([content])
    assert [finding.secret.encode() for finding in result.findings] == [token]
    (finding,), (match,) = result.findings, result.matches
    assert finding.decoded == (name,)
    cut = content[match.secret_span.start : match.secret_span.end]
    assert token in undo(cut)
    assert len(re.sub(_BREAKS, b"", cut)) <= len(encode(token)) + 2
    location = finding.location
    assert isinstance(location, Location)
    assert (location.start_line, location.end_line, location.start_column, location.end_column) == place(
        content, match.secret_span
    )


LAYERS = ("standard", "urlsafe unpadded", "hex", "percent", "\\u")


@FEW
@given(layers=st.lists(st.sampled_from(LAYERS), max_size=4), max_depth=st.integers(0, 3))
@example(layers=["hex", "standard", "hex"], max_depth=2)
@example(layers=["hex", "standard", "hex"], max_depth=3)
def test_a_token_n_levels_deep_is_found_exactly_if_n_is_at_most_the_depth(
    swept: Any, token: bytes, layers: list[str], max_depth: int
) -> None:
    content = b"key " + token
    for layer in layers:
        content = FORMS[layer][1](content)
    # Escapes are undone in texts of up to 16 KiB.
    assume(len(content) < 16_000)
    findings = swept([b"x " + content + b"\n"], max_depth).findings
    assert len(findings) == (len(layers) <= max_depth)
    if findings:
        assert findings[0].decoded == tuple(FORMS[layer][0] for layer in reversed(layers))
        assert findings[0].secret.encode() == token


@FEW
@given(layers=st.lists(st.sampled_from(LAYERS), min_size=1, max_size=3))
def test_the_range_of_a_nested_token_holds_it(swept: Any, token: bytes, layers: list[str]) -> None:
    content = b"key " + token + b" and more text after it"
    for layer in layers:
        content = FORMS[layer][1](content)
    assume(len(content) < 16_000)
    content = "é ".encode() + content + b"\n"
    (match,) = swept([content]).matches
    # What stands outside of the range is of no matter: overwritten, the token is still there.
    start, end = match.secret_span
    assert content[:start].strip() != b""
    assert end < len(content)
    kept = content[start:end]
    assert sum(kept in line for line in content.splitlines()) == 1
    assert len(kept) <= len(content) - len("é ".encode()) - 1 - len(b"key ")


@pytest.mark.parametrize("mark", [True, False])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@FEW
@given(
    lines=st.lists(st.text("abc é😀", max_size=9), max_size=4), before=st.sampled_from(["", "x ", "é ", "😀 "]),
    newline=st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_a_utf_16_file_is_read_as_text(
    swept: Any, token: bytes, mark: bool, encoding: str, lines: list[str], before: str, newline: str
) -> None:
    # Without a mark it is told by its NULs, so most of it must be Latin.
    text = newline.join([*(line[:2] for line in lines), before + token.decode(), "plain words " * 20])
    content = (("\ufeff" if mark else "") + text).encode(encoding)
    (finding,) = swept([content]).findings
    assert finding.decoded == (encoding,)
    assert finding.secret == token.decode()
    assert finding.location[1:] == (len(lines) + 1, len(lines) + 1, len(before) + 1, len(before) + len(token))


def test_a_marked_utf_16_file_may_begin_with_thousands_of_characters_that_are_not_latin(
    swept: Any, token: bytes
) -> None:
    content = ("\ufeff" + "漢字" * 5000 + "\n" + token.decode()).encode("utf-16-le")
    (finding,) = swept([content]).findings
    assert (finding.location.start_line, finding.location.start_column) == (2, 1)


def test_a_byte_order_mark_takes_no_column(swept: Any, token: bytes) -> None:
    (finding,) = swept(["\ufeff".encode() + token + b"\n"]).findings
    assert (finding.location.start_column, finding.location.end_column) == (1, len(token))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@FEW
@given(head=st.binary(min_size=1, max_size=40), tail=st.binary(max_size=40))
def test_a_wide_string_inside_a_binary_is_found(
    swept: Any, token: bytes, encoding: str, head: bytes, tail: bytes
) -> None:
    # Less than a part of it is wide: not a text as a whole.
    head = b"\x7fELF\x01\x00\xff" + bytes(range(1, 256)) + head + b"\xfe\x01\xff"
    content = head + ("key " + token.decode()).encode(encoding) + b"\0\0" + b"\xfe" + tail
    result = swept([content])
    assert [finding.secret.encode() for finding in result.findings] == [token]
    (match,) = result.matches
    assert match.decoded == ("utf-16",)
    wide = content[match.secret_span.start : match.secret_span.end]
    assert wide.replace(b"\0", b"") == token


def test_powershell_s_encoded_command_is_undone_to_its_text(swept: Any, token: bytes) -> None:
    command = base64.b64encode(f"Set-Item key {token.decode()} -Force".encode("utf-16-le"))
    (finding,) = swept([b"powershell -EncodedCommand " + command + b"\n"]).findings
    assert finding.decoded == ("base64", "utf-16")


def test_the_word_beside_an_encoded_value_stays_with_it(swept: Any, token: bytes) -> None:
    (match,) = swept([b"password: " + base64.b64encode(b"value " + token) + b" # why\n"]).matches
    assert match.view.data == b"password: value " + token + b" # why"


def test_a_token_far_inside_one_long_base64_run_is_found(swept: Any, token: bytes) -> None:
    content = base64.b64encode(b"words and words " * 100_000 + token)
    (finding,) = swept([content]).findings
    assert finding.location.start_column > 1_600_000 * 4 // 3


def test_escapes_in_a_line_find_a_token_only_half_of_which_is_escaped(swept: Any, token: bytes) -> None:
    content = b'a = "' + token[:10] + each("\\u{:04x}")(token[10:14]) + token[14:] + b'"\n'
    (match,) = swept([content]).matches
    assert content[match.secret_span.start : match.secret_span.end] == content[5:-2]


@pytest.mark.parametrize("quote", [b'"', b"'", b""])
@pytest.mark.parametrize("last", [b"", b"\\n", b"\\r\\n"])
def test_base64_in_lines_that_a_json_string_spells_out_is_one_text(
    swept: Any, token: bytes, quote: bytes, last: bytes
) -> None:
    # The break falls into the token, and lines don't hold whole groups.
    flat = base64.b64encode(b"key: " + b"x" * 37 + b" " + token + b" and more of it, to fill another line or two")
    lines = [flat[at : at + 61] for at in range(0, len(flat), 61)]
    content = b'{"data": ' + quote + b"\\n".join(lines) + last + quote + b"}\n"
    (finding,) = swept([content]).findings
    assert (finding.secret.encode(), finding.decoded, finding.location.start_line) == (token, ("base64",), 1)
    assert finding.location.end_line == 1


def test_a_path_with_a_backslash_and_an_n_is_no_line_break(swept: Any, token: bytes) -> None:
    flat = base64.b64encode(b"key: " + token)
    content = flat + b"\\now\\new." + b" and " + flat + b"\\t" + flat + b"\n"
    assert [finding.secret.encode() for finding in swept([content]).findings].count(token) >= 2
