"""The commands of `autoreclab`, one module per family; imported when they are used."""
