"""Reading the log again, from its beginning.

audit              recounts every cell with the reference fold and compares
rebuild            counts a new generation of cells and swaps it in; command line in __main__
explain            the events that make a figure up
figure_keys        published keys as figures to explain
source_conflicts   where a source contradicts itself
stored_sums        the stored sums of cells, for an audit
log_shards         reads the log in several processes
"""
