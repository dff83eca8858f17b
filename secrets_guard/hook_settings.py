"""The config and lists of known secrets of the caller's own tree -> Prepared, from the cache where nothing changed.

Reading YAML takes longer than all else a hook does: what it led to is kept under the state of the files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from secrets_guard.cache import Cache, state_of
from secrets_guard.cli.perform import Prepared, prepare
from secrets_guard.config import AllowEntry, Settings, find_config, load_settings
from secrets_guard.config_file import CONFIG_NAMES
from secrets_guard.suppression.own import own_files
from secrets_guard.version import __version__

if TYPE_CHECKING:
    from secrets_guard.suppression.entry import Suppression

_OTHER_VARIABLES = ("SECRETS_GUARD_CONFIG", "SECRETS_GUARD_CACHE", "SECRETS_GUARD_DEBUG", "SECRETS_GUARD_READER")


def own_settings(folder: str, environ: Mapping[str, str], config: str | None, cache: Cache) -> Prepared:
    """Return what a hook in the caller's own work tree obeys: what is found from ``folder`` up to its root.

    Raises ConfigError listing every problem.
    """
    notes: tuple[str, ...] = ()
    config = config or environ.get("SECRETS_GUARD_CONFIG") or None
    if config is None:
        config, notes = find_config(folder, (), False)
    known = own_files(folder)
    options = _options(environ)
    if config is None and not known:
        return Prepared(load_settings(None, {}, options), (), notes)
    # The environment may hold options too, which no file's state tells.
    set_there = any(name.startswith("SECRETS_GUARD_") for name in options)
    name = f"hook-{_digest(config or '', *known)}.json"
    made = None if set_there else _read(name, cache)
    if made is None:
        made = prepare((), {}, config)
        if not set_there:
            _write(name, made, [path for path in (config, made.settings.baseline, *known) if path], cache)
    return made._replace(notes=notes)


def server_settings(folder: str, environ: Mapping[str, str], config: str | None) -> Prepared:
    """Return what a server's hook obeys: ``config``, else the one in ``folder``, the repository's own; nothing pushed.

    Raises ConfigError listing every problem.
    """
    config = config or environ.get("SECRETS_GUARD_CONFIG") or None
    if config is None:
        places = (os.path.join(folder, name) for name in CONFIG_NAMES)
        config = next((place for place in places if os.path.lexists(place)), None)
    settings = load_settings(config, {}, _options(environ))
    if not settings.baseline:
        return Prepared(settings, (), ())
    from secrets_guard.suppression.read import read_known

    known = read_known(settings.baseline)
    return Prepared(settings._replace(fingerprint_key=settings.fingerprint_key or known.key), known.entries, ())


def _options(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environ.items() if name not in _OTHER_VARIABLES}


def _digest(*paths: str) -> str:
    import zlib

    text = "\0".join((__version__, repr(Settings._fields), os.getcwd(), *paths)).encode("utf-8", "surrogateescape")
    return f"{zlib.crc32(text):08x}{len(text):04x}"


def _write(name: str, made: Prepared, files: list[str], cache: Cache) -> None:
    import json

    # A gitleaks config among the rules is not in the list of files; a tag holds in this process only.
    imports = any(path.endswith(".toml") for path in (*files, *made.settings.rules))
    if imports or any(one.tag for one in made.suppressions):
        return
    state = {path: state_of(os.stat(path)) for path in files}
    kept = {"cwd": os.getcwd(), "files": state, "settings": made.settings, "known": made.suppressions}
    cache.write(name, json.dumps(kept).encode())


def _read(name: str, cache: Cache) -> Prepared | None:
    content = cache.read(name)
    if content is None:
        return None
    import json

    kept: dict[str, Any] = json.loads(content)
    try:
        if kept["cwd"] != os.getcwd() or any(state_of(os.stat(path)) != state for path, state in kept["files"].items()):
            return None
    except OSError:
        return None
    values = [tuple(value) if isinstance(value, list) else value for value in kept["settings"]]
    settings = Settings._make(values)
    allow = tuple(_allow_entry(fields) for fields in settings.allow)
    return Prepared(settings._replace(allow=allow), _suppressions(kept["known"]), ())


def _allow_entry(fields: Any) -> AllowEntry:
    return AllowEntry._make(tuple(field) if isinstance(field, list) else field for field in fields)


def _suppressions(rows: list[list[Any]]) -> tuple[Suppression, ...]:
    if not rows:
        return ()
    from secrets_guard.suppression.entry import Suppression

    return tuple(Suppression(*row) for row in rows)
