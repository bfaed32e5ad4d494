"""The public pages: plain HTML for everybody, without session, cookie or script; kept rendered, served from memory.

addresses: what a path asks for; sources: what the services publish; pages and csv_files: the bytes; store: kept copies and when they
are looked at again; serving: the ASGI application.
"""
