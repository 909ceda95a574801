"""Tests of the sample halls."""
