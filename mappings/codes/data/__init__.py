"""The tables themselves; see README.md beside them for origin, certainty and licences."""
