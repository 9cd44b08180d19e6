"""The province's own file server."""

from adapters.files.source import HttpFileSource

__all__ = ["HttpFileSource"]
