/** One field file being written: the parts that writing at once (field_file.c) and writing behind the
 *  computation's back (field_file_async.c) share; for these two only. */
#ifndef HEAT_IO_FIELD_FILE_WRITER_H
#define HEAT_IO_FIELD_FILE_WRITER_H

#include "io/field_file/field_file_parts.h"
#include "io/field_file/slab.h"

/** What one write needs; each rank has its own. */
typedef struct {
  const HeatGrid             *grid;
  const HeatFieldFileOptions *options;
  PetscInt                    n_fields;
  const HeatFileField        *fields;
  char                        part[PETSC_MAX_PATH_LEN];
  HeatSlab                   *slab;
  PetscInt                    first, n;           /* rows of the slab */
  PetscInt                    peer_first, peer_n; /* rows that this rank reads back */
  PetscInt                    piece;              /* rows that travel at once */
  void                       *rows;               /* [piece][nx] of the widest element */
  uint64_t                   *sums;               /* [n_fields][n] row checksums, from the blocks */
  HeatFileStats               stats;
  HeatFileError              *error;
} HeatWriter;

/** Slab, buffers, the temporary name; and their end.  Not collective. */
PetscErrorCode HeatWriterBegin(HeatWriter *w, const char *path);
PetscErrorCode HeatWriterEnd(HeatWriter *w);

/** Checksums of the rows, from the blocks.  Collective. */
PetscErrorCode HeatWriterSums(HeatWriter *w);

/** Those of the rows that this rank is to read back, [n_fields][peer_n]; freed by the caller with
 *  PetscFree.  Collective. */
PetscErrorCode HeatWriterPeerSums(HeatWriter *w, uint64_t **sums);

/** Rank 0 makes the skeleton and reserves the disk space of the data.  Collective, agreed. */
PetscErrorCode HeatWriterSkeleton(HeatWriter *w);

/** Rank 0: seal the closed file. */
void HeatWriterSeal(HeatWriter *w);

/** Rank 0: the header of the closed file reads back as what was asked for. */
void HeatWriterCheckHeader(const HeatWriter *w);

/** The k-th run of the peer's rows to be read back: rows [*j, *j + *n) of peer_n; false: there is none.
 *  All of them make up all rows, or where not `full` the first, the last and some between. */
PetscBool HeatWriterReadBackRange(const HeatWriter *w, PetscBool full, PetscInt k, PetscInt *j,
                                  PetscInt *n);

/** The final name, unless something failed: then no part is left.  Collective, agreed. */
PetscErrorCode HeatWriterPublish(HeatWriter *w, const char *path);

/** The largest over ranks of each time; the size is rank 0's.  Collective.
 *  @param[in]  seconds  of the whole, on this rank
 *  @param[out] stats    may be NULL */
PetscErrorCode HeatWriterStats(HeatWriter *w, double seconds, HeatFileStats *stats);

#endif
