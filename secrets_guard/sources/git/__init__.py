"""A git repository -> blobs, and where in its history each stood."""
