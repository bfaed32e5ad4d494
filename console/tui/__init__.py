"""The terminal board of `laowu watch`: what console/board reads and says, drawn with Textual.

app: keys, the look of a year, reading again when something is published; panels: one per kind of row; explanation: the events
behind a figure; plots: bars and columns of characters.
"""
