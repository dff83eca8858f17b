"""The command line: parse, compose, print, exit code. Each command in a module of its own, imported when asked for."""
