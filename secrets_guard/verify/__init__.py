"""Findings -> findings of which is known whether they still work, by asking who issued them. Opt-in and read-only."""
