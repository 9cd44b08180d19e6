"""What the core needs from outside, as protocols: clocks, randomness, sealing, national systems."""
