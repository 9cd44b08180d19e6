"""Liên thông: the integration gateway between a province's systems and the national ones."""

__version__ = "0.1.0"
