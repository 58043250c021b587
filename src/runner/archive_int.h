/* archive_int - libarchive's functions, found in the library when it was loaded. */
#ifndef RUNNER_ARCHIVE_INT_H
#define RUNNER_ARCHIVE_INT_H

#include <archive.h>
#include <archive_entry.h>

struct err;

#define ARCHIVE_FUNCTIONS(X) \
    X(archive_entry_clear) \
    X(archive_entry_filetype) \
    X(archive_entry_free) \
    X(archive_entry_hardlink) \
    X(archive_entry_new) \
    X(archive_entry_pathname) \
    X(archive_entry_perm) \
    X(archive_entry_set_filetype) \
    X(archive_entry_set_mtime) \
    X(archive_entry_set_pathname) \
    X(archive_entry_set_perm) \
    X(archive_entry_set_size) \
    X(archive_entry_set_symlink) \
    X(archive_entry_symlink) \
    X(archive_error_string) \
    X(archive_read_data) \
    X(archive_read_free) \
    X(archive_read_new) \
    X(archive_read_next_header) \
    X(archive_read_open_fd) \
    X(archive_read_support_filter_gzip) \
    X(archive_read_support_format_tar) \
    X(archive_read_support_format_zip) \
    X(archive_write_add_filter_gzip) \
    X(archive_write_close) \
    X(archive_write_data) \
    X(archive_write_free) \
    X(archive_write_header) \
    X(archive_write_new) \
    X(archive_write_open_fd) \
    X(archive_write_set_filter_option) \
    X(archive_write_set_format_option) \
    X(archive_write_set_format_pax_restricted) \
    X(archive_write_set_format_zip)

struct archive_library {
#define DECLARE_(name) __typeof__(name) *name;
    ARCHIVE_FUNCTIONS(DECLARE_)
#undef DECLARE_
};

/* ERR_UNSUPPORTED if the library is not installed.  Any thread. */
int archive_library(struct archive_library *ret, struct err *e);

#endif
