"""Scenarios and staffing proposals; a person accepts them."""
