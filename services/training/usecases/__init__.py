"""One function per command or reaction: load, decide, write, publish, in one transaction."""
