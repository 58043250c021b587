#include "store/migrate.h"

/*
 * An object's row points at its current version by rv; versions is the watch log too and holds each
 * JSON once.  `resource` is the kind's plural with its group ("workflows.argoproj.io").  Tables
 * that are only ever looked up by their key have no rowid: one page less to write per commit.
 */
const struct migration schema_base = {
    .name = "base tables",
    .sql =
        "CREATE TABLE meta(name TEXT PRIMARY KEY, value ANY) WITHOUT ROWID;"

        "CREATE TABLE objects("
        " resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,"
        " uid TEXT NOT NULL, rv INTEGER NOT NULL, finished INTEGER NOT NULL,"
        " PRIMARY KEY(resource, namespace, name)) WITHOUT ROWID;"
        "CREATE UNIQUE INDEX objects_uid ON objects(uid);"
        "CREATE INDEX objects_unfinished ON objects(resource, namespace, name) WHERE finished = 0;"

        /* op: 'A' added, 'M' modified, 'D' deleted (the last state, under a version of its own) */
        "CREATE TABLE versions("
        " rv INTEGER PRIMARY KEY, prev_rv INTEGER NOT NULL, op TEXT NOT NULL,"
        " resource TEXT NOT NULL, uid TEXT NOT NULL, json TEXT NOT NULL);"

        /* sort: what a list is ordered by within a namespace; the name */
        "CREATE TABLE labels("
        " resource TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
        " namespace TEXT NOT NULL, sort TEXT NOT NULL, uid TEXT NOT NULL,"
        " PRIMARY KEY(resource, key, value, namespace, sort, uid)) WITHOUT ROWID;"
        "CREATE TABLE fields("
        " resource TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
        " namespace TEXT NOT NULL, sort TEXT NOT NULL, uid TEXT NOT NULL,"
        " PRIMARY KEY(resource, key, value, namespace, sort, uid)) WITHOUT ROWID;"
        "CREATE TABLE owners(owner_uid TEXT NOT NULL, uid TEXT NOT NULL,"
        " PRIMARY KEY(owner_uid, uid)) WITHOUT ROWID;"
        /* uids of owners that went and whose dependants are still to be looked at; 1: keep them */
        "CREATE TABLE orphans(owner_uid TEXT PRIMARY KEY, keep INTEGER NOT NULL) WITHOUT ROWID;"

        /* an attempt's name begins with its pod's uid */
        "CREATE TABLE attempts("
        " attempt TEXT PRIMARY KEY, pod_uid TEXT NOT NULL, container TEXT NOT NULL,"
        " n INTEGER NOT NULL, boot_id TEXT NOT NULL, state TEXT NOT NULL,"
        " created_us INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;"

        "CREATE TABLE id_ranges(namespace TEXT PRIMARY KEY, first INTEGER NOT NULL UNIQUE,"
        " count INTEGER NOT NULL) WITHOUT ROWID;"

        "CREATE TABLE blobs("
        " key TEXT PRIMARY KEY, file TEXT NOT NULL, kind INTEGER NOT NULL, size INTEGER NOT NULL,"
        " digest TEXT NOT NULL, created_us INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE INDEX blobs_file ON blobs(file);"

        "CREATE TABLE env_locks(name TEXT PRIMARY KEY, holder TEXT NOT NULL,"
        " created_us INTEGER NOT NULL) WITHOUT ROWID",
};
