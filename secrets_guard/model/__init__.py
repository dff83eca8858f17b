"""The vocabulary: frozen values that every floor speaks in. Standard library only."""
