#include "store/migrate.h"

/*
 * Runs and nodes of the graph engine.  A node is found by its number (the engine's memory), by its
 * place below its parent (scopes of workflow languages), or with all of its siblings (loops).
 */
const struct migration schema_flow = {
    .name = "runs and nodes",
    .sql = "CREATE TABLE runs ("
           "  run INTEGER PRIMARY KEY,"
           "  uid TEXT NOT NULL UNIQUE,"
           "  language TEXT NOT NULL,"
           "  live INTEGER NOT NULL,"
           "  frozen TEXT NOT NULL," /* what never changes: written once */
           "  state TEXT NOT NULL"
           ") STRICT;"
           "CREATE INDEX runs_live ON runs(run) WHERE live;"
           "CREATE TABLE nodes ("
           "  run INTEGER NOT NULL,"
           "  id INTEGER NOT NULL,"
           "  parent INTEGER NOT NULL,"
           "  place INTEGER NOT NULL," /* index among the parent's children */
           "  kind INTEGER NOT NULL,"
           "  state INTEGER NOT NULL,"
           "  phase INTEGER NOT NULL,"
           "  flags INTEGER NOT NULL,"
           "  total INTEGER NOT NULL,"
           "  gate_limit INTEGER NOT NULL,"
           "  key TEXT NOT NULL,"
           "  name TEXT NOT NULL,"
           "  type TEXT NOT NULL,"
           "  template_of TEXT,"
           "  message TEXT,"
           "  reason TEXT,"
           "  pod TEXT,"
           "  queued_us INTEGER NOT NULL,"
           "  ready_us INTEGER NOT NULL,"
           "  started_us INTEGER NOT NULL,"
           "  ended_us INTEGER NOT NULL,"
           "  saved_us INTEGER NOT NULL,"
           "  wake_us INTEGER NOT NULL,"
           "  cpu_us INTEGER NOT NULL,"
           "  memory_peak_bytes INTEGER NOT NULL,"
           "  spec TEXT,"
           "  inputs TEXT,"
           "  outputs TEXT,"
           "  PRIMARY KEY (run, id)"
           ") STRICT, WITHOUT ROWID;"
           "CREATE INDEX nodes_place ON nodes(run, parent, key);"
           "CREATE INDEX nodes_open ON nodes(run, id) WHERE state < 2;",
};
