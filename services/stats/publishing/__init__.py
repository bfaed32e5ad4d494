"""Publishing figures.

publisher       the background loop, and one pass in one transaction
changes         evaluates every published figure and finds what differs from the last publication
figure_events   the events of a figure that changed
staleness       that figures have fallen behind, or caught up
event_stream    published events for readers who follow them
"""
