"""What docking does: one function per command, query or reaction, each in one transaction. One module per aggregate."""
