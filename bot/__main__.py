"""`python -m bot` is `autoreclab`."""

from bot.cli import main

main()
