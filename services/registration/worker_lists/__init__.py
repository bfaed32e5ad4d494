"""Worker lists as spreadsheets: their columns, rows as commands, and the sheet of findings."""
