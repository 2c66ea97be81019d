"""What must be there after the week: a single-threaded recomputation from the log, written from docs/flows.md alone.

It shares no code with the handlers. It takes only the facts from outside (causation_id null) in the order in which they became
true, and follows each to its end.

    facts      what is compared: tuples, each in one of the five flows
    calendars  who holds which slot
    world      the rules of reservations, waitlists and maintenance
    approvals  the rules of approvals
    counts     usage, demand, downtime
    catalogue  resources, their status, categories
    people     users, grants, roles and audit
    fold       the log through all of them
    rows       the tables that result
"""
