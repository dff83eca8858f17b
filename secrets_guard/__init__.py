"""Find leaked credentials, and keep new ones from leaking."""

__version__ = "0.1.0"
