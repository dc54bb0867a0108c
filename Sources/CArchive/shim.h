// libarchive as EvidenceBundle uses it.
#pragma once
#include <archive.h>
#include <archive_entry.h>
