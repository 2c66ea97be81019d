"""The work that every peer is measured on, written for our engine as a domain is written."""
