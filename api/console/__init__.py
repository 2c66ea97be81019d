"""What operators may find, release, replay and reset: rules without a face.

Their faces are the command line (commands*.py here) and the page (api/http/console). Reading down:

    selection   which records, as data            found       one record, as it lies there
    matching    does it meet the conditions?      decoding    its bytes, read by the registry
    masking     what personal fields look like    reading     spans of the log, and all that lies in them
    searching   a selection, found                places      topics, groups, lag
    timeline    the life of one reservation       dead        what failed, and what waits behind it
"""
