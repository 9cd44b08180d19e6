"""Transport security: certificates, TLS contexts that follow rotation, expiry checks and a development CA.

The core of the gateway does not import this package; the composition root and the command line do. Start with
`contexts` (what a connection needs), `reloading` (rotation without a restart) and `commands` (for operators).
"""
