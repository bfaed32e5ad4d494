"""The browser console: pages for clerks, enterprises, centres, officers, operators and auditors, made on the server.

It holds no data and no rule. What it shows comes from the services' HTTP APIs, asked with the visitor's own token; what it refuses the
service refused. Forms are drawn from the services' OpenAPI documents, so a new field of a command is on its form by itself.
A page keeps no state here: a restart of the console loses no session and no form that is being filled in.

Read in this order: app, sessions, backend, documents, forms, pages, screens/.
"""
