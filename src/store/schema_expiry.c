#include "store/migrate.h"

/* Runs whose object goes by itself at a time after their end (ttlStrategy). */
const struct migration schema_expiry = {
    .name = "when runs expire",
    .sql = "ALTER TABLE runs ADD COLUMN expires_us INTEGER;"
           "CREATE INDEX runs_expiry ON runs(expires_us) WHERE expires_us IS NOT NULL;",
};
