"""Adapters: everything that talks to a national system, one folder each."""
