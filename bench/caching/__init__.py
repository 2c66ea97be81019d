"""What the caches promise, measured: how old a value is, how often it is wrong, what reading costs. `make bench-cache`."""
