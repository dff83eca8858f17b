"""Rules: YAML files turned into frozen values, checked on the way."""
