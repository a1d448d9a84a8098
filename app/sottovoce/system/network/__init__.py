"""The only door to the network: the gate, its switch, its ledger, and what speaks through it."""
