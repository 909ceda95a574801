"""What the person at the door sees and does."""
