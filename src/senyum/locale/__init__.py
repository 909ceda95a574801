"""Translation catalogues and local formats."""
