"""What the phone and the smile tablet ask for."""
