"""Decisions only: what follows from what. No IO, no clock, no chance; everything that matters is passed in."""
