"""A group's tables, made once more from the log, beside the live ones: compared with them, and put in their place where asked.

    folding    events through the handlers again, one partition after the other; nothing is published
    comparing  the rows of both, figure by figure
    snapshot   the live rows as of known offsets, be the group at work or not
    reading    the log from its begin up to these offsets
    switching  the live rows corrected, in one transaction a partition
    command    `python -m agents.rebuild reports`

docs/decisions/0010-rebuilt-rows-replace-live-ones.md says why there is no second set of topics.
"""
