"""The machine: its places, keys and memory, and the gate to the network."""
