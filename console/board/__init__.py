"""What both boards show, the browser's and the terminal's: rows read from stats, and the sentences about them. No widget, no page.

rows: what is shown, frozen; figures: from the API to rows; replay: the days at which a year's figures are looked at again;
sentences: words about rows in the reader's language; stream: what is published while somebody looks.
"""
