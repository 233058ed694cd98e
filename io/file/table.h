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
 *  incomplete. A failed write is stored in the table and raised by the next HeatTableFlush or
 *  HeatTableDestroy.
 */
#ifndef HEAT_IO_TABLE_H
#define HEAT_IO_TABLE_H

#include "io/file/file_util.h"

typedef struct HeatTable HeatTable;

/** Open a table for appending.  Collective on comm, which is borrowed and must outlive the table.
 *  @param[in]  names        [n_columns] names of the columns; the first one is "step"
 *  @param[in]  resume_step  -1: replace an older file.  Otherwise keep the header and the rows with
 *                           step <= resume_step of the older file, or start a new file
 *  @param[out] table        destroy with HeatTableDestroy; NULL after an error
 *  Errors: HEAT_ERR_FILE when the file cannot be written, or when the older file has another header
 *  (the message shows both). */
PetscErrorCode HeatTableCreate(MPI_Comm comm, const char *path, PetscInt n_columns,
                               const char *const *names, PetscInt64 resume_step, HeatTable **table);

/** Append a row to the buffer of the file.  Not collective; does nothing on ranks other than 0.
 *  @param[in] step    value of the first column
 *  @param[in] values  [n_columns - 1] values of the other columns */
PetscErrorCode HeatTableAppend(HeatTable *table, PetscInt64 step, const PetscReal *values);

/** Write all buffered rows to the system; they are not synced to the disk.  Collective.
 *  Errors: HEAT_ERR_FILE when this write or that of an earlier row failed. */
PetscErrorCode HeatTableFlush(HeatTable *table);

/** Write all buffered rows, sync the file to the disk, close it.  Collective; *table may be NULL.
 *  Errors: HEAT_ERR_FILE when any write, the sync or the close failed; the table is freed
 *  nevertheless. */
PetscErrorCode HeatTableDestroy(HeatTable **table);

/** Write into `buffer` the shortest of %.15g, %.16g and %.17g that reads back as v ("nan", "inf" or
 *  "-inf" if v is not finite), and return it.  Not collective. */
const char *HeatShortestDecimal(double v, char buffer[32]);

#endif
