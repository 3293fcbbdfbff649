"""`python -m tldops_bot` and the `tldops-bot` command."""

from tldops_bot.cli.commands import main

if __name__ == "__main__":
    main()
