"""A container image, wherever it is kept -> blobs, and which layer or setting each came from."""
