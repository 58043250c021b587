#include "store/migrate.h"

/*
 * What belongs to an object that goes, and is too much to go with it in one commit: a run and its
 * nodes.  The same statement that takes the object marks its run (live 2), so whatever happens
 * next, the engine finds what is left to be thrown away.  A run that is live has the engine's
 * attention anyway.
 */
const struct migration schema_gone = {
    .name = "runs of objects that are gone",
    .sql = "CREATE TRIGGER objects_gone AFTER DELETE ON objects WHEN old.finished BEGIN"
           "  UPDATE runs SET live = 2 WHERE uid = old.uid AND live = 0;"
           " END",
};
