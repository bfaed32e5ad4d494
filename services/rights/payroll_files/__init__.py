"""Payrolls as spreadsheets: their columns, the empty payroll, and rows as reports of what was paid."""
