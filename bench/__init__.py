"""The fold, by us and by its peers, taking turns on one broker: `python -m bench`."""
