"""Where secrets come from: a table of providers, each imported when a reference asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from secrets_guard.broker.protocol import Provider
from secrets_guard.errors import ProviderMissing

PROVIDERS = {
    "vault": "secrets_guard.broker.providers.vault:VaultProvider",
    "aws": "secrets_guard.broker.providers.aws:AwsProvider",
    "gcp": "secrets_guard.broker.providers.gcp:GcpProvider",
    "env-file": "secrets_guard.broker.providers.env_file:EnvFileProvider",
    "file": "secrets_guard.broker.providers.file:FileProvider",
    "memory": "secrets_guard.broker.providers.memory:MemoryProvider",
}
"""Name -> ``module:Class``; each satisfies ``broker.protocol.Provider``."""

_EXTRAS = {"hvac": "vault", "boto3": "aws", "botocore": "aws", "google": "gcp"}


def open_provider(name: str, settings: Mapping[str, object], environment: Mapping[str, str]) -> Provider:
    """Return the provider of that name, made from its part of the manifest.

    Raises ProviderMissing where its client package is not installed, ManifestError for settings it can't use.
    """
    module, _, made = PROVIDERS[name].partition(":")
    try:
        provider: Provider = getattr(import_module(module), made)(settings, environment)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise
        advice = f"pip install 'secrets-guard[{_EXTRAS[package]}]'"
        raise ProviderMissing(f"{name}: needs the package {package}, which is not installed: {advice}") from None
    return provider
