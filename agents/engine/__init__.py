"""The only code that knows Faust: it delivers events to a domain's handlers, exactly once, and keeps what they decide.

A record's way:
fetching     the thread that fetches, no more often than is committed, and what it hands on
consuming    slices of a partition out of Faust's consumer, one wait a slice
stream       those slices as an agent's stream
runner       one slice at a time: handlers over it, or a command; what failed at its end waits for a good one
ticking      what time it is for a partition, about once a second
decoding     bytes to events, by schema id
applying     all handlers of a slice at once, or one by one where something fails
partition    what of one partition is not committed yet, and the transaction that commits it
transactions, batching, protocol  three round trips to the broker, in words that aiokafka does not know
committing   when: one round of transactions at a time, and a rest, while the next slices are applied; then entries go stale

Who asks for rows:
committed    the rows as of the last commit, while handlers change them
selecting    rows by the values of their fields
querying     what the edge asks, over HTTP
owning, leasing  only the owner answers, and only while nobody else can be it
listening    the address, taken early and announced to the group

Where a record fails:
dead_letters  the record that says why
parking       what waits behind a failed record of its key
releasing     commands that try it again or skip it
fuse          when too much fails for one deploy

Around it:
connections  a reset connection under uvloop is an error that aiokafka knows
recovery     fence the partition, then read its changelogs, then resume
encoding, outgoing  emitted events to records
pulse, watchdog, stacks, health, metrics, fatal  whether it moves, and the end of a process that does not
settings, logs, waiting  how one process runs, what it says, and what it needs before it begins
app, worker  the Faust app that puts them together, and its process: `python -m agents <domain>`
"""
