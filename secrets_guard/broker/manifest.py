"""``secrets.yaml`` -> what to fetch, from where, and into which variables; every complaint with file:line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from secrets_guard import located_yaml
from secrets_guard.broker.conduct import Conduct, read_conduct
from secrets_guard.broker.duration import read_seconds
from secrets_guard.broker.entry import Entry, inherited_entries, read_entry
from secrets_guard.broker.fallback_settings import FallbackSettings, read_fallback
from secrets_guard.broker.file_entry import FileEntry, read_file_entry
from secrets_guard.broker.providers import PROVIDERS
from secrets_guard.broker.rotation import Rotation, read_rotation
from secrets_guard.errors import ConfigError, ManifestError
from secrets_guard.located_yaml import Located, Path, nearest

KEYS = ("version", "deadline", "providers", "env", "files", "files_dir", "keep", "run", "audit", "rotation", "fallback")
DEFAULT_DEADLINE = 30.0
_SENSITIVE = frozenset(("token", "role_id", "secret_id", "wrapped_secret_id", "password", "jwt"))
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

Read = TypeVar("Read")
_NONE: tuple[Entry, ...] = ()


class Manifest(NamedTuple):
    """``deadline`` in seconds; ``providers``: settings by name; ``keep``: credentials that the child may see."""

    entries: tuple[Entry, ...] = ()
    providers: Mapping[str, Mapping[str, Any]] = {}
    deadline: float = DEFAULT_DEADLINE
    keep: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    """Variables that credentials in the settings of providers are made from, such as ``${VAULT_SECRET_ID}``."""
    files: tuple[FileEntry, ...] = ()
    files_dir: str = ""
    conduct: Conduct = Conduct()
    audit: str = ""
    """Where to tell what was done; see ``audit_target``."""
    rotation: Rotation = Rotation()
    fallback: FallbackSettings | None = None

    @property
    def everything(self) -> tuple[Entry, ...]:
        """The variables, and then the files."""
        return (*self.entries, *(file.entry for file in self.files))

    @property
    def polled(self) -> bool:
        """Whether any secret is to be looked at again while the command runs."""
        return any(self.refresh_of(entry) > 0 for entry in self.everything)

    def refresh_of(self, entry: Entry) -> float:
        """Return after how many seconds an entry is looked at again; 0: never."""
        asked = self.rotation.refresh if entry.refresh is None else entry.refresh
        return asked if entry.value.refs else 0.0

    def with_text(self, mark: str, text: str) -> Manifest:
        """Return it with ``text`` in place of a mark in what its variables and files are made from."""
        files = tuple(file._replace(entry=file.entry.with_text(mark, text)) for file in self.files)
        return self._replace(entries=tuple(entry.with_text(mark, text) for entry in self.entries), files=files)


def load(path: str, environment: Mapping[str, str]) -> Manifest:
    """Return the manifest at ``path``, or where that is empty what the variables ask for. Raises ManifestError."""
    return read_manifest(path, environment) if path else from_environment(environment)


def from_environment(environment: Mapping[str, str]) -> Manifest:
    """Return what the references among the variables ask for. Raises ManifestError, a line for each bad one."""
    return Manifest(inherited_entries(environment))


def read_manifest(path: str, environment: Mapping[str, str]) -> Manifest:
    """Return the manifest in a file, and what references among the variables ask for beside it.

    Raises ManifestError with all that is wrong, each with file:line.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: can't be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    return parse_manifest(text, path, environment)


def parse_manifest(text: str, name: str, environment: Mapping[str, str]) -> Manifest:
    """Return the manifest in a text; ``name`` is the file's, for messages. See ``read_manifest``."""
    try:
        document = located_yaml.load(text, name)
    except ConfigError as error:
        raise ManifestError(*error.problems) from None
    return _Reader(document, environment).read()


class _Reader:
    """Reads one document; what is wrong is collected, so that all is told at once."""

    def __init__(self, document: Located, environment: Mapping[str, str]) -> None:
        self._document = document
        self._environment = environment
        self._problems: list[str] = []
        self._used: set[str] = set()

    def read(self) -> Manifest:
        top = self._mapping(())
        for key in top:
            if key not in KEYS:
                self._wrong((key,), f"unknown key {key!r}{nearest(str(key), KEYS)}")
        if top.get("version") != 1:
            self._wrong(("version",), "version: must be 1")
        manifest = Manifest(
            self._entries(),
            {str(name): self._provider(str(name)) for name in self._mapping(("providers",))},
            self._attempt(("deadline",), lambda: self._deadline(top.get("deadline")), DEFAULT_DEADLINE),
            self._keep(top.get("keep")),
            fallback=self._attempt(("fallback",), lambda: read_fallback(top.get("fallback")), None),
            files=self._files(),
            files_dir=self._folder(top.get("files_dir")),
            conduct=self._attempt(("run",), lambda: read_conduct(top.get("run")), Conduct()),
            audit=self._text("audit", top.get("audit")),
            rotation=self._attempt(("rotation",), lambda: read_rotation(top.get("rotation")), Rotation()),
        )
        if self._problems:
            raise ManifestError(*self._problems)
        return manifest._replace(used=frozenset(self._used))

    def _entries(self) -> tuple[Entry, ...]:
        entries = []
        for name, given in self._mapping(("env",)).items():
            place = self._document.place("env", name)
            entry = self._attempt(("env", name), lambda n=name, g=given, p=place: read_entry(n, g, p), None)  # type: ignore[misc]
            entries += [entry] if entry else []
        named = {entry.name for entry in entries}
        outside = {name: text for name, text in self._environment.items() if name not in named}
        return (*entries, *self._attempt(None, lambda: inherited_entries(outside), _NONE))

    def _files(self) -> tuple[FileEntry, ...]:
        read = [
            self._attempt(
                ("files", name),
                lambda n=name, g=given: read_file_entry(n, g, self._document.place("files", n)),  # type: ignore[misc]
                None,
            )
            for name, given in self._mapping(("files",)).items()
        ]
        return tuple(file for file in read if file)

    def _folder(self, given: Any) -> str:
        if given is not None and not isinstance(given, str):
            self._wrong(("files_dir",), "files_dir: must be the path of a folder")
        return self._filled(given, ("files_dir",)) if isinstance(given, str) else ""

    def _provider(self, name: str) -> Mapping[str, Any]:
        if name not in PROVIDERS:
            self._wrong(("providers", name), f"unknown provider {name!r}{nearest(name, list(PROVIDERS))}")
        settings = self._mapping(("providers", name))
        return {str(key): self._filled(value, ("providers", name, key)) for key, value in settings.items()}

    def _filled(self, value: Any, path: Path) -> Any:
        """Return a setting with each ``${NAME}`` in it replaced by that variable's value."""
        if isinstance(value, dict):
            return {key: self._filled(inner, (*path, key)) for key, inner in value.items()}
        if not isinstance(value, str):
            return value
        for name in _VARIABLE.findall(value):
            self._used |= {name} & self._environment.keys() if _SENSITIVE.intersection(path) else set()
            if name not in self._environment:
                self._wrong(path, f"{path[-1]}: the variable {name} is not set")
        return _VARIABLE.sub(lambda found: self._environment.get(found.group(1), ""), value)

    def _deadline(self, given: Any) -> float:
        return DEFAULT_DEADLINE if given is None else read_seconds(given, "deadline")

    def _keep(self, given: Any) -> frozenset[str]:
        if given is None:
            return frozenset()
        if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
            self._wrong(("keep",), "keep: must be a list of names of variables")
            return frozenset()
        return frozenset(given)

    def _text(self, key: str, given: Any) -> str:
        if given is not None and (not isinstance(given, str) or not given):
            self._wrong((key,), f"{key}: must be a text")
        return str(given or "")

    def _mapping(self, path: Path) -> dict[Any, Any]:
        value: Any = self._document.value
        for key in path:
            value = value.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._wrong(path, f"{path[-1] if path else 'the manifest'}: must be a mapping (name: value)")
            return {}
        return value

    def _attempt(self, path: Path | None, read: Callable[[], Read], otherwise: Read) -> Read:
        try:
            return read()
        except ManifestError as error:
            for problem in error.problems:
                self._wrong(path, problem)
        return otherwise

    def _wrong(self, path: Path | None, problem: str) -> None:
        self._problems.append(problem if path is None else f"{self._document.place(*path)}: {problem}")
