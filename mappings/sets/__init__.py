"""Mapping sets: a province's own codes and what they are called elsewhere, as dated files. See docs/mappings.md."""
