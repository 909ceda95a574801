"""Pure Python and NumPy: who is next, how long it takes. Arrays and values in, values out; no Django, no clock, no database."""
