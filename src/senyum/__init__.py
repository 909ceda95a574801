"""Senyum: the digital service system of an Indonesian Mal Pelayanan Publik."""
