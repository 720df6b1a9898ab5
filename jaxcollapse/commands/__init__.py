"""The commands that simulate one setting, and the options that commands share."""
