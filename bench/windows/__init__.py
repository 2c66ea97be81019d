"""Windows against an oracle, a rebuild and a plain table; what they cost.

oracle   what the figures must be, in ten lines
trial    events in some order, with failures, takeovers and silence between them
orders   many such trials
memory   a million keys, before, during and after their retention
speed    with windows beside without
"""
