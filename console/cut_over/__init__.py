"""The cut-over from the system before this one: its lists with their old numbers, and its own totals, taken over and reconciled.

old_lists  the files of the folder, one for each kind
bodies     a row as what a service is asked for, or what is wrong with it
totals     what the old system counted, against what its lists hold and what the services hold in the end
sending    what is not here yet, sent through the services' own APIs
"""
