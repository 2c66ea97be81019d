"""The console's page: the same verbs as its command line, for people who would rather look. Rules are in api/console.

looking    overview, topics, find, record, life      dead    dead letters: release, drop
replays    plan, preview, run, pause, stop, report   resets  where a group goes on reading     trail   what was done
"""
