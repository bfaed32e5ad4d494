"""The browser console: pages for clerks, enterprises, centres, officers, operators and auditors, made on the server.

It holds no data and no rule. What it shows comes from the services' HTTP APIs, asked with the visitor's own token; what it refuses the
service refused. Forms are drawn from the services' OpenAPI documents, so a new field of a command is on its form by itself.
A page keeps no state here: a restart of the console loses no session and no form that is being filled in.

Read in this order: app, sessions, backend, documents, forms, pages, screen, subjects, commanding, screens/. Where to change what:

- who may open a page, what stands in it, which button leads to which command: its row in screens/<part>.py. A command's roles are the
  service's own (`allow` of its route); tests/contracts/test_screens.py holds that no screen offers what the service refuses;
- how a field is drawn, and what is sent of it: forms. What a field offers: codes looked for by name in choices, lists read from a
  service in screens/options.py, else the values of the schema. Labels and hints: shared/locales;
- what a form says it acts on: subjects, and `known_by` of the thing's page; what it says is recorded now: `now` of its Command;
- how a value reads on a page (names for codes, days, tags): `show` in pages. Numbers and names for ids: names;
- how long a session lasts, how it is sealed, which requests are another site's: settings, sessions. Headers of every page: app;
- what the board hears: live, and CHANGES in screens/programme_board.py. Its figures and sentences, which the terminal's board has too:
  console/board;
- the public pages: public/. What is left out of them stats decides (services/stats/periods/disclosure_control.py);
- the check of a certificate: static/verify.js in the browser, shared/signing.py for `laowu verify`; what is signed: clearance/ of docking,
  statements/ of training.
"""
