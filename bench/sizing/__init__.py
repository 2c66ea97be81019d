"""What so many events a second cost, reckoned from what was measured: `python -m bench.sizing`."""
