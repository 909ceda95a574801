"""The base page, components, tokens, icons and small scripts that the other surfaces share."""
