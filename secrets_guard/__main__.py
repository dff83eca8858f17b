"""``python -m secrets_guard``."""

from secrets_guard.cli.app import main

main()
