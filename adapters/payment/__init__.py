"""Payment providers: the national payment platform, PayGov, KeyPay, and transfers by VietQR (payment notes §A to §E).

Each is a class of its own in a module of its own; which of them are used is chosen where the gateway is put together.
"""
