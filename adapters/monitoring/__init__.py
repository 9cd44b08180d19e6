"""The national monitoring system (EMC and its successor): who pulls, simulated, and a client for receivers that do not.

For those that pull, the province's side is the gateway's own interface.
"""
