"""Sealing of personal data: a data key per record, wrapped by the installation's key ring."""
