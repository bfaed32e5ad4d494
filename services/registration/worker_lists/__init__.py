"""Worker lists as spreadsheets: their columns, the empty list, rows as commands, and the sheet of findings."""
