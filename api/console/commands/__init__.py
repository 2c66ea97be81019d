"""The console's command line: every verb of the page, for scripts as well. `--json` prints JSON lines on stdout; how far it is
goes to stderr. Exit codes: 0 done, 1 there is something to look at (each says what), 2 refused or wrong, with a sentence.
"""
