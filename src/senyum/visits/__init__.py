"""Visit, ticket, call: a citizen's way through the hall, from the door to the last counter."""
