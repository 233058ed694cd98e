/** A table in a growing text file: history.csv, probes.csv, profile_NAME.csv.
 *
 *  One header line with the columns' names, then rows in order of the step, one or several of each:
 *  the step as an integer, the rest
 *  as the shortest decimal numbers that read back as the same doubles ("nan", "inf" where they
 *  are not finite).  Rank 0 writes; every function may be called by all ranks.  A failed write is
 *  noted and raised by the next HeatTableFlush.
 */
#ifndef HEAT_IO_TABLE_H
#define HEAT_IO_TABLE_H

#include "io/file/file_util.h"

typedef struct HeatTable HeatTable;

/** Open the table.  Collective on comm; the communicator is borrowed and must outlive the table.
 *  @param[in] names        [n_columns] of them; the first is "step".  Quoted where CSV needs it
 *  @param[in] resume_step  -1: an older file is replaced.  Else the header and the rows with
 *                          step <= resume_step stay; a missing file is begun anew
 *  Errors: HEAT_ERR_FILE: cannot be written; the header found is another one (both are named). */
PetscErrorCode HeatTableCreate(MPI_Comm comm, const char *path, PetscInt n_columns,
                               const char *const *names, PetscInt64 resume_step, HeatTable **table);

/** Append a row.  Buffered; not collective, only rank 0 does anything.
 *  @param[in] values  [n_columns - 1], the columns after the step */
PetscErrorCode HeatTableAppend(HeatTable *table, PetscInt64 step, const PetscReal *values);

/** Hand all rows to the system.  Collective.  Errors: HEAT_ERR_FILE, also for earlier rows. */
PetscErrorCode HeatTableFlush(HeatTable *table);

/** Flush, sync to the disk, close.  Collective; *table may be NULL.  Errors: as HeatTableFlush; the
 *  table is gone in any case. */
PetscErrorCode HeatTableDestroy(HeatTable **table);

/** The shortest decimal text that reads back as v: %.15g, %.16g or %.17g.  buffer: 32 bytes. */
const char *HeatShortestDecimal(double v, char buffer[32]);

#endif
