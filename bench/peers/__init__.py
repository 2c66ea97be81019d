"""One script a peer, run by `python -m bench` in an environment of its own. The contract is in stopwatch.py."""
