"""Language of a request, and refusals turned into answers."""
