// libarchive as EvidenceBundle uses it: its own header, over functions that load.c forwards.
#pragma once
#include <archive.h>
#include <archive_entry.h>

// libarchive makes a compressor of 256 KiB for each file of a zip, and the allocator would give its memory back to the
// kernel each time, which takes longer than to compress a report. Holds for the process.
void rotactl_archive_keep_freed_memory(void);
