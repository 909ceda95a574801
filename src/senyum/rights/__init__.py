"""What a person may ask about their own data (UU 27/2022): a copy of all of it, and its erasure."""
