"""Code tables in general: how they are written down, checked at load and asked."""
