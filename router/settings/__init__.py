"""Configuration: YAML files in, checked bundle out. Import from the modules; nothing happens here."""
