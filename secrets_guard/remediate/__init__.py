"""Findings -> what to revoke and where, what still stands, and what takes a secret out of a history."""
