"""Doing: the engine stores what the sync core decides, performs it, and feeds the results back."""
