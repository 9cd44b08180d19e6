"""A provincial system's day, lived through the public API alone and verified against the portal's own record.

Nothing here imports the gateway's inside: the demonstration is a caller like any other.
"""
