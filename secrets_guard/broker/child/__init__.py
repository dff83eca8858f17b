"""A command and its environment -> a child that is started, signalled, reaped, and an exit code."""
