/** A table in a CSV file that grows row by row: history.csv, probes.csv, profile_NAME.csv.
 *
 *  Rank 0 holds the file; the other ranks call the collective functions to agree on errors.
 *  The file has a header line with the column names, then rows in ascending order of the step; a
 *  step has one row or several.  The step is an integer, every other value the shortest decimal
 *  number that reads back as the same double, or "nan", "inf", "-inf":
 *
 *    step,time,min,max          header; a name with a comma, a quote or a line end is quoted
 *    0,0,293.15,293.15
 *    100,0.5,293.15,341.79999999999995
 *
 *  Unlike heat2d's other files, a table grows in place: after a crash its last row may be
 *  incomplete.  HeatTableSync brings the rows to the disk, before a checkpoint that relies on them.
 *  A failed write is stored in the table and raised by the next collective call.
 *
 *  A file that is removed or replaced during the run is written anew with all its rows, at the next
 *  flush; one line on stderr says so.
 */
#ifndef HEAT_IO_TABLE_H
#define HEAT_IO_TABLE_H

#include "io/file/file_util.h"

typedef struct HeatTable HeatTable;

/** Open a table for appending.  Collective on comm, which is borrowed and must outlive the table.
 *  Where a resumed file has other columns, the new file has those of `names`, then the other ones
 *  of the older file; a value that was not written is nan, and notes on stderr say so.
 *  @param[in]  names        [n_columns] names of the columns; the first one is "step"
 *  @param[in]  resume_step  -1: replace an older file.  Otherwise keep the rows with
 *                           step <= resume_step of the older file, or start a new file
 *  @param[out] table        destroy with HeatTableDestroy or HeatTableAbandon; NULL after an error
 *  Errors: HEAT_ERR_FILE when the file cannot be written, and as HeatTableCheck. */
PetscErrorCode HeatTableCreate(MPI_Comm comm, const char *path, PetscInt n_columns,
                               const char *const *names, PetscInt64 resume_step, HeatTable **table);

/** Fail, before anything is changed, where HeatTableCreate would: if a folder has the name of the
 *  table, or, with `resume`, if the older file cannot be read or does not begin with the header of
 *  a table.  Collective on comm.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatTableCheck(MPI_Comm comm, const char *path, PetscBool resume);

/** Append a row to the buffer of the file.  Not collective; does nothing on ranks other than 0.
 *  @param[in] step    value of the first column
 *  @param[in] values  [n_columns - 1] values of the other columns */
PetscErrorCode HeatTableAppend(HeatTable *table, PetscInt64 step, const PetscReal *values);

/** What a table contains, with the rows that a resumed table has kept. */
typedef struct {
  PetscInt64 rows;   /* number of rows */
  PetscInt64 last;   /* step of the last row; -1: no rows */
  uint64_t   digest; /* sum of the checksums of all values (checksum.h), each at a place that
                        follows from its row and the name of its column.  A `nan` adds nothing, so
                        that columns that a restart adds or moves do not change the digest */
} HeatTableContents;

/** Return what the table contains.  Not collective; valid on rank 0 alone. */
HeatTableContents HeatTableGetContents(const HeatTable *table);

/** Write all buffered rows to the system; they are not synced to the disk.  A failure is kept, and
 *  raised by the next HeatTableAgree, Flush, Sync or Destroy.  Not collective. */
PetscErrorCode HeatTableWrite(HeatTable *table);

/** Return whether writing has failed on this rank. */
PetscBool HeatTableHasFailed(const HeatTable *table);

/** Raise the failure of any rank on all ranks.  Collective.
 *  Errors: HEAT_ERR_FILE when writing a row has failed. */
PetscErrorCode HeatTableAgree(HeatTable *table);

/** Write all buffered rows to the system; they are not synced to the disk.  Collective.
 *  Errors: HEAT_ERR_FILE when this write or that of an earlier row failed. */
PetscErrorCode HeatTableFlush(HeatTable *table);

/** Write all buffered rows and sync the file to the disk.  Collective.
 *  Errors: HEAT_ERR_FILE when the sync, this write or that of an earlier row failed. */
PetscErrorCode HeatTableSync(HeatTable *table);

/** Write all buffered rows, sync the file to the disk, close it.  Collective; *table may be NULL.
 *  Errors: HEAT_ERR_FILE when any write, the sync or the close failed; the table is freed
 *  nevertheless. */
PetscErrorCode HeatTableDestroy(HeatTable **table);

/** Free the table and close the file without writing the buffered rows: after another error.  Not
 *  collective; *table may be NULL. */
PetscErrorCode HeatTableAbandon(HeatTable **table);

/** Write into `buffer` the shortest of %.15g, %.16g and %.17g that reads back as v ("nan", "inf" or
 *  "-inf" if v is not finite), and return it.  Not collective. */
const char *HeatShortestDecimal(double v, char buffer[32]);

#endif
