"""Charts as SVG text, made on the server: pure functions of figures and words, without script and without styles of their own.

svg: elements, escaped; axes: scales and ticks; lines, bar_charts, tracks, maps: the charts; naming: names
on a map; figures: a chart with its table.
Colours are classes of the stylesheet, and never the only difference: lines differ by dash and marker, bars by hatching, states by words.
"""
