"""How many officers, where, when: queueing formulas, bounds and a compiled pool of counters. Pure."""
