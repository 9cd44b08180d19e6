"""Wires of payment providers, settlement files, account statements, and the documents of a payment. Pure."""
