"""A file with secrets in it -> the secrets in a manager, references in the file, and a manifest that fetches them."""
