"""The matching itself, in plain Python: no database, no framework, no clock.

Four shelves, each read from the left:

- expressions: `syntax` (text to tree), `operators`, `expressions` (tree to test), `trace` (which comparison decided),
  `logic` (what can be said without data)
- workflows: `workflow` (steps and their ages), `document` (Twilio's JSON), `calendars`, `checks` (likely mistakes)
- decisions: `facts`, `clauses` (what a task asks), `line` (places as numbers), `roster`, `pools`, `crews`, `lanes` (who
  may serve what waits), `terms` (which queues a worker may belong to), `alarms`, `board` (all of it), `decide`
- why: `verdicts` (a letter for each worker), `explain` (in detail), `route` (through the filters), `dryrun`

`states` has the moves of tasks and reservations, `simulation` runs the same decisions in virtual time.
"""
