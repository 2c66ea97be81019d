"""What operators may find, release, replay and reset: rules without a face.

Their faces are the command line (`commands/` here) and the page (api/http/console). Reading down:

    selection  which records, as data           found      one record, as it lies there; stretches of topics
    matching   does it meet the conditions?     decoding   its bytes, read by the registry
    fields     a field by its path              comparing  does its value meet a condition?
    asked      what bytes alone rule out        quick      what our own codec rules out
    sifting    a batch, without what is         masking    what personal fields look like
               ruled out
    reading    all that lies in spans           searching  a selection, found
    places     topics, groups, lag              telling    a record as it is shown
    timeline   the life of one reservation      kin        what belongs to it and names it not

    dead       what failed, and its release     standing   what a group has done with a record
    plans      replays, and their states        preview    what one would do
    guards     what it may not be               hygiene    the headers of a replayed record
    running    the run, once                    resetting  where a group goes on reading

    roles      verbs and permissions            acting     who acts, and that it is written down
    audit      the trail, as a chain            desk       all of it, as one does it from either face
"""
