// libarchive, loaded at its first use. Linked in the usual way it would bring libxml2 and ICU into every start of the
// program, which takes as long as a whole call to AWS, and most commands never touch an archive.
//
// Each function of libarchive that EvidenceBundle calls is defined here under its own name and forwards to the library.
// Where the library is missing, archive_read_new and archive_write_new answer NULL, and nothing else is ever called.
#include "shim.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void *library;

static void load(void) {
  // The number changes with libarchive's binary interface, which the header was read for.
  library = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
}

static void *function(const char *name) {
  pthread_once(&once, load);
  void *found = library ? dlsym(library, name) : NULL;
  // Reached only past archive_read_new or archive_write_new, so the library is there and lacks a function of its API.
  if (!found) abort();
  return found;
}

static int is_missing(void) {
  pthread_once(&once, load);
  return !library;
}

// FORWARD(type of the result, name, (parameters), (arguments))
#define FORWARD(result, name, parameters, arguments)                                    \
  result name parameters {                                                              \
    static void *kept;                                                                  \
    void *found = __atomic_load_n(&kept, __ATOMIC_RELAXED);                             \
    if (!found) {                                                                       \
      found = function(#name);                                                          \
      __atomic_store_n(&kept, found, __ATOMIC_RELAXED);                                 \
    }                                                                                   \
    return ((__typeof__(&name))found) arguments;                                         \
  }
#define FORWARD_NEW(name)                                                               \
  struct archive *name(void) {                                                          \
    return is_missing() ? NULL : ((__typeof__(&name))function(#name))();                \
  }
#define ARCHIVE (struct archive *a)
#define ENTRY (struct archive_entry *e)

FORWARD_NEW(archive_read_new)
FORWARD(int, archive_read_free, ARCHIVE, (a))
FORWARD(int, archive_read_support_filter_gzip, ARCHIVE, (a))
FORWARD(int, archive_read_support_filter_zstd, ARCHIVE, (a))
FORWARD(int, archive_read_support_format_tar, ARCHIVE, (a))
FORWARD(int, archive_read_support_format_zip, ARCHIVE, (a))
FORWARD(int, archive_read_open_filename, (struct archive *a, const char *path, size_t block), (a, path, block))
FORWARD(int, archive_read_next_header, (struct archive *a, struct archive_entry **e), (a, e))
FORWARD(int, archive_read_data_block, (struct archive *a, const void **bytes, size_t *count, la_int64_t *offset),
        (a, bytes, count, offset))
FORWARD(int, archive_read_add_passphrase, (struct archive *a, const char *text), (a, text))
FORWARD(la_int64_t, archive_filter_bytes, (struct archive *a, int filter), (a, filter))
FORWARD(const char *, archive_error_string, ARCHIVE, (a))

const char *archive_version_details(void) {
  return is_missing() ? NULL : ((__typeof__(&archive_version_details))function("archive_version_details"))();
}

FORWARD_NEW(archive_write_new)
FORWARD(int, archive_write_free, ARCHIVE, (a))
FORWARD(int, archive_write_close, ARCHIVE, (a))
FORWARD(int, archive_write_add_filter_gzip, ARCHIVE, (a))
FORWARD(int, archive_write_add_filter_zstd, ARCHIVE, (a))
FORWARD(int, archive_write_set_format_pax_restricted, ARCHIVE, (a))
FORWARD(int, archive_write_set_format_zip, ARCHIVE, (a))
FORWARD(int, archive_write_set_options, (struct archive *a, const char *options), (a, options))
FORWARD(int, archive_write_set_bytes_in_last_block, (struct archive *a, int bytes), (a, bytes))
FORWARD(int, archive_write_set_passphrase, (struct archive *a, const char *text), (a, text))
FORWARD(int, archive_write_open_fd, (struct archive *a, int descriptor), (a, descriptor))
FORWARD(int, archive_write_header, (struct archive *a, struct archive_entry *e), (a, e))
FORWARD(la_ssize_t, archive_write_data, (struct archive *a, const void *bytes, size_t count), (a, bytes, count))
FORWARD(int, archive_write_finish_entry, ARCHIVE, (a))

FORWARD(struct archive_entry *, archive_entry_new, (void), ())
FORWARD(void, archive_entry_free, ENTRY, (e))
FORWARD(struct archive_entry *, archive_entry_clear, ENTRY, (e))
FORWARD(__LA_MODE_T, archive_entry_filetype, ENTRY, (e))
FORWARD(__LA_MODE_T, archive_entry_perm, ENTRY, (e))
FORWARD(la_int64_t, archive_entry_size, ENTRY, (e))
FORWARD(int, archive_entry_size_is_set, ENTRY, (e))
FORWARD(la_int64_t, archive_entry_uid, ENTRY, (e))
FORWARD(la_int64_t, archive_entry_gid, ENTRY, (e))
FORWARD(const char *, archive_entry_uname, ENTRY, (e))
FORWARD(const char *, archive_entry_gname, ENTRY, (e))
FORWARD(const char *, archive_entry_pathname, ENTRY, (e))
FORWARD(const char *, archive_entry_pathname_utf8, ENTRY, (e))
FORWARD(const char *, archive_entry_hardlink, ENTRY, (e))
FORWARD(const char *, archive_entry_symlink, ENTRY, (e))
FORWARD(int, archive_entry_is_encrypted, ENTRY, (e))
FORWARD(int, archive_entry_sparse_count, ENTRY, (e))
FORWARD(void, archive_entry_set_pathname_utf8, (struct archive_entry *e, const char *name), (e, name))
FORWARD(void, archive_entry_set_filetype, (struct archive_entry *e, unsigned int type), (e, type))
FORWARD(void, archive_entry_set_perm, (struct archive_entry *e, __LA_MODE_T mode), (e, mode))
FORWARD(void, archive_entry_set_size, (struct archive_entry *e, la_int64_t size), (e, size))
FORWARD(void, archive_entry_set_uid, (struct archive_entry *e, la_int64_t id), (e, id))
FORWARD(void, archive_entry_set_gid, (struct archive_entry *e, la_int64_t id), (e, id))
FORWARD(void, archive_entry_set_mtime, (struct archive_entry *e, time_t seconds, long nanoseconds),
        (e, seconds, nanoseconds))

void rotactl_archive_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
}
