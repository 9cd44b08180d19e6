"""Pure translation between the canonical model and foreign wires, with the code tables as dated data."""
