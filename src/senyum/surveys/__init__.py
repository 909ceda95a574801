"""What citizens say of the service: the one-tap smile (and, later, the SKM questionnaire)."""
