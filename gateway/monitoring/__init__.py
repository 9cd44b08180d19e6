"""Indicators for the national monitoring systems: what is published, and how it can be trusted. Pure."""
