"""Spreadsheets as people send them: one way of reading them, and one rule for what a cell means, for every service.

    files      what may be sent, and why a file is refused as a whole
    csv_text   encodings, separators, quotes           workbooks   xlsx: which sheet, which of its cells cannot be trusted
    tables     the header, wherever it stands, and the rows below it
    cells      days, months, numbers, amounts

A cell becomes text where it is read and a value where the service knows what its column takes. Nothing is guessed: what could mean
two things, or is an error in the spreadsheet itself, refuses its row and says so.
"""
