"""The only code that knows Faust: it delivers events to a domain's handlers, exactly once, and keeps what they decide.

consuming  slices of a partition out of Faust's consumer, one wait a slice
stream     those slices as an agent's stream
decoding   bytes to events, by schema id
runner     handlers over a slice, on an overlay; a bad event is set aside alone
partition  what one partition owes the broker, and the transaction that pays it
recovery   fence the partition, then read its changelogs, then resume
app        the Faust app that puts them together
worker     one process: `python -m agents <domain>`
"""
