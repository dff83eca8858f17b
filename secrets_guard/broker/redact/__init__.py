"""Secrets and a stream of bytes -> the stream with every occurrence of them, in any form, hidden."""
