"""What builds the documentation site: mkdocs.yml calls it."""
