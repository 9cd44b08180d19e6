"""What payment providers say on the wire, and what it means (payment notes §A to §E, §8). Pure."""
