"""Archives and compressed files -> the blobs inside, nested, within limits; nothing is ever written to disk."""
