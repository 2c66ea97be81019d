"""`python -m stack`: the local servers, from the command line."""

from stack.commands import main

if __name__ == "__main__":
    main()
