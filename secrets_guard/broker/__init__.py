"""References to secrets in a manifest or the environment -> fetched values -> the environment of a command."""
