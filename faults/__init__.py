"""The fault matrix: a seeded workload through the SDK while faults strike, then everything is compared with an oracle.

catalogue   the faults by name: how many workers, which workload, what strikes
plan        which runs, in which order, with which seeds
probe       the domain under test; domains gives it, or the real availability, topics of its own for each run
workload    what is published; publishing, and what the broker acknowledged
worker      one worker process: the engine as it is, with arming (kill points) and mutants (proof that the checker sees)
strikes     what is done to workers and servers; proxy is the network between them
spy, shown  what is watched meanwhile: commits against the durable changelog, and what readers of the cache are shown
oracle      the pure fold over the log
checker     findings against the oracle: violations by name
setting     where a run takes place: proxies, addresses, a database of its own
run, matrix one run; all of them
"""
