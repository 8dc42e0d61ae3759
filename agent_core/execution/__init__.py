"""A script in a slot: precheck, run, and the machine it runs on."""
