"""What is in the cache is believed only when it is whole, private and the user's own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import hyperscan
import pytest

from secrets_guard.cache import Cache, user_cache
from secrets_guard.detect.database import database as loaded
from secrets_guard.errors import RuleError

PATTERNS, NAMES = [b"needle[0-9]{3}"], ["rules.yaml:1: needle"]


def at(folder: Path) -> Cache:
    return user_cache({"SECRETS_GUARD_CACHE": str(folder)})


def database(patterns: list[bytes], names: list[str], cache: Cache) -> hyperscan.Database:
    return loaded(patterns, names, cache).database


def works(found: hyperscan.Database) -> bool:
    ends: list[int] = []
    found.scan(
        b"a needle123",
        match_event_handler=lambda _id, _start, end, _flags, _context: ends.append(end),
        scratch=hyperscan.Scratch(found),
    )
    return ends == [11]


def the_entry(folder: Path) -> Path:
    (entry,) = folder.iterdir()
    return entry


def test_the_folder_and_its_entries_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = tmp_path / "a" / "cache"
        assert works(database(PATTERNS, NAMES, at(folder)))
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(the_entry(folder).stat().st_mode) == 0o600


def test_a_second_run_loads_what_the_first_has_kept(tmp_path: Path) -> None:
    database(PATTERNS, NAMES, at(tmp_path / "c"))
    entry = the_entry(tmp_path / "c")
    before = entry.stat()
    assert works(database(PATTERNS, NAMES, at(tmp_path / "c")))
    after = the_entry(tmp_path / "c").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("length", [0, 1, 21, 33, 34, 200, -1])
def test_a_truncated_entry_is_made_anew(tmp_path: Path, length: int) -> None:
    cache = at(tmp_path / "c")
    database(PATTERNS, NAMES, cache)
    entry = the_entry(tmp_path / "c")
    whole = entry.read_bytes()
    entry.write_bytes(whole[:length])
    assert cache.read(entry.name) is None
    assert works(database(PATTERNS, NAMES, cache))
    assert len(entry.read_bytes()) == len(whole)


@pytest.mark.parametrize("offset", [0, 20, 25, 30, 34, 100, -1])
def test_an_altered_entry_is_made_anew(tmp_path: Path, offset: int) -> None:
    cache = at(tmp_path / "c")
    database(PATTERNS, NAMES, cache)
    entry = the_entry(tmp_path / "c")
    whole = bytearray(entry.read_bytes())
    whole[offset] ^= 1
    entry.write_bytes(whole)
    assert cache.read(entry.name) is None
    assert works(database(PATTERNS, NAMES, cache))
    assert entry.read_bytes() != whole


def test_an_entry_under_another_name_is_not_believed(tmp_path: Path) -> None:
    cache = at(tmp_path / "c")
    cache.write("one", b"payload")
    os.rename(tmp_path / "c" / "one", tmp_path / "c" / "two")
    assert cache.read("two") is None


@pytest.mark.parametrize("payload", [b"", b"not a database", b"\0" * 4096])
def test_a_whole_entry_that_is_no_database_of_this_engine_is_made_anew(tmp_path: Path, payload: bytes) -> None:
    cache = at(tmp_path / "c")
    database(PATTERNS, NAMES, cache)
    name = the_entry(tmp_path / "c").name
    cache.write(name, payload)
    assert works(database(PATTERNS, NAMES, cache))
    assert cache.read(name) != payload


def test_an_entry_of_another_version_of_the_format_is_not_believed(tmp_path: Path) -> None:
    cache = at(tmp_path / "c")
    cache.write("one", b"payload")
    entry = tmp_path / "c" / "one"
    entry.write_bytes(entry.read_bytes().replace(b"cache 1\n", b"cache 2\n"))
    assert cache.read("one") is None


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_an_entry_that_others_may_write_to_is_not_believed(tmp_path: Path, mode: int) -> None:
    cache = at(tmp_path / "c")
    cache.write("one", b"payload")
    assert cache.read("one") == b"payload"
    (tmp_path / "c" / "one").chmod(mode)
    assert cache.read("one") is None


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write_to_is_not_used(tmp_path: Path, mode: int) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c").chmod(mode)
    cache = at(tmp_path / "c")
    cache.write("one", b"payload")
    assert (cache.folder, cache.read("one"), list((tmp_path / "c").iterdir())) == (None, None, [])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_somebody_else_is_not_believed(tmp_path: Path) -> None:
    cache = at(tmp_path / "c")
    cache.write("one", b"payload")
    os.chown(tmp_path / "c" / "one", 12345, 12345)
    assert cache.read("one") is None
    os.chown(tmp_path / "c", 12345, 12345)
    assert at(tmp_path / "c").folder is None


def test_a_link_in_place_of_an_entry_is_not_followed(tmp_path: Path) -> None:
    cache = at(tmp_path / "c")
    cache.write("one", b"payload")
    os.rename(tmp_path / "c" / "one", tmp_path / "one")
    os.symlink(tmp_path / "one", tmp_path / "c" / "one")
    assert cache.read("one") is None


@pytest.mark.parametrize("place", ["/proc/no/such/place", "/dev/null/x", "file"])
def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = at(tmp_path / place)
    cache.write("one", b"payload")
    assert cache.read("one") is None
    assert works(database(PATTERNS, NAMES, cache))


def test_a_folder_that_has_gone_since_is_done_without(tmp_path: Path) -> None:
    cache = at(tmp_path / "c")
    (tmp_path / "c").rmdir()
    assert works(database(PATTERNS, NAMES, cache))
    assert not (tmp_path / "c").exists()


def test_the_word_off_turns_it_off(tmp_path: Path) -> None:
    assert user_cache({"SECRETS_GUARD_CACHE": "off", "HOME": str(tmp_path)}).folder is None
    assert list(tmp_path.iterdir()) == []


def test_the_usual_folder_is_the_platform_s(tmp_path: Path) -> None:
    assert user_cache({"HOME": str(tmp_path)}).folder == str(tmp_path / ".cache" / "secrets-guard")
    assert user_cache({"XDG_CACHE_HOME": str(tmp_path / "x")}).folder == str(tmp_path / "x" / "secrets-guard")


def test_a_relative_cache_home_is_not_obeyed() -> None:
    assert user_cache({"XDG_CACHE_HOME": "some/where"}).folder is None


def test_a_pattern_that_the_engine_refuses_is_named() -> None:
    with pytest.raises(RuleError) as caught:
        database([b"fine", b"(?=ahead)x", b"a*"], ["a.yaml:1: one", "a.yaml:2: two", "a.yaml:3: three"], Cache(None))
    assert [problem.split(": ")[1] for problem in caught.value.problems] == ["two", "three"]
