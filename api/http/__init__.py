"""The edge over HTTP: what the agents know, asked; what people and services want, published; what happens, watched.

command      serve, key new
app          routes, guards, problems and description put together; nothing is open that is not named so
wiring       the real workers, caches, producer, keys and feed; ports: what is needed of them
settings     from the environment; serving, server: one process until SIGTERM
security/    who asks, and what they may: permissions.py is the table
reads/       what can be asked; commands/: what can be commanded; ingestion: events in
live/        what is told to web sockets as it happens
responses    an event that was published; problems: every error
shapes/      what is asked and answered, with examples; documents: the rest of the description
limits, etags, metrics, operations: bodies, versions, figures, and what those who run it ask
"""
