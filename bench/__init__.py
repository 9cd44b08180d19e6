"""Measures the gateway against what else could do its work, on one machine in one run: `python -m bench`."""
