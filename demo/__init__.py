"""A university week through the real pipeline, checked against an independent recomputation.

In the order in which a run comes by:

    university  who and what there is, drawn from a seed
    week        what they do, day by day: steps of events, with a barrier between steps
    log         the five topics as they fill
    barrier     when a step has been worked through
    workers     the five of them, supervised
    oracle/     the same week folded by plain code from docs/flows.md: what must be there
    found       what is there: tables by their changelogs, and the events that agents emitted
    verdict     the two compared, flow by flow
    check       that, and every other figure
    report      what a person sees
"""
