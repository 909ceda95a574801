"""What people touch. Each surface translates HTTP to one command or one query and holds no rule."""
