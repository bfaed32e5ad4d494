"""Counting events into cells.

measures          the table of measures, cuts and rules
reference_fold    one event -> cells, in plain Python: slow and obvious
columnar_fold     a batch of raw records -> cells, in polars: the same rules, fast
record_reader     raw records -> columns, for the columnar fold; by
record_layouts    groups of records with the same byte layout, and
record_patterns   one regular expression per event class, for all others
block_encoding    cells -> rows of the table `block`, in PostgreSQL's binary format
"""
