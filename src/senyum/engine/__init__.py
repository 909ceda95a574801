"""Pure Python and NumPy: who is next, how long it takes. Values in, values out; no Django, clock or database."""
