"""Sealed values: what went in comes out under its own label and key, and nothing else ever does."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_guard.broker.sealed import SealedFolder, Tampered

KEY = b"k" * 32


@settings(max_examples=60, deadline=None)  # it waits for the disk
@given(st.binary(max_size=40), st.binary(max_size=200), st.binary(max_size=40))
def test_a_text_comes_back_under_its_own_label_only(label: bytes, text: bytes, other: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sealed = SealedFolder(f"{folder}/kept", KEY)
        sealed.seal(label, b"an older one")
        sealed.seal(label, text)
        assert SealedFolder(f"{folder}/kept", KEY).unseal(label) == text
        assert (sealed.unseal(other) == text) == (label == other)
        assert SealedFolder(f"{folder}/kept", b"x" * 32).unseal(label) is None


@settings(max_examples=60, deadline=None)  # it waits for the disk
@given(st.binary(max_size=60), st.data())
def test_no_change_of_a_file_goes_unnoticed(text: bytes, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sealed = SealedFolder(f"{folder}/kept", KEY)
        sealed.seal(b"label", text)
        (path,) = Path(folder, "kept").iterdir()
        content = path.read_bytes()
        assert len(text) < 6 or text not in content.partition(b"\n")[2]
        changed = bytearray(content)
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            changed[at] ^= data.draw(st.integers(1, 255))
        else:
            del changed[at:]
        path.write_bytes(changed)
        with pytest.raises(Tampered):
            sealed.unseal(b"label")


def test_the_same_text_is_never_sealed_the_same(tmp_path: Path) -> None:
    sealed = SealedFolder(str(tmp_path / "kept"), KEY)
    seen = set()
    for _ in range(20):
        sealed.seal(b"label", b"text")
        (path,) = (tmp_path / "kept").iterdir()
        seen.add(path.read_bytes())
    assert len(seen) == 20
