/** Internals of the tables, shared by table.c and table_open.c and included nowhere else. */
#ifndef HEAT_IO_TABLE_IMPL_H
#define HEAT_IO_TABLE_IMPL_H

#include "io/file/table.h"

/* [bytes] of the buffer.  Chosen: some hundred rows; with a larger one a program that reads the
   file during the run sees rows later. */
enum { HEAT_TABLE_BUFFER = 65536 };

/** A table; rank 0 holds the file. */
struct HeatTable {
  MPI_Comm    comm; /* borrowed */
  PetscMPIInt rank;
  char       *path;      /* owned */
  PetscInt    n_columns; /* columns that the caller fills, with the step */
  PetscInt    n_older;   /* further columns, which only an older file had; rank 0 only */
  int         file;      /* rank 0: open for reading and writing; -1 on the other ranks */
  PetscInt64  end;       /* [bytes] length of the file */
  char       *buffer;    /* [HEAT_TABLE_BUFFER] rank 0: rows that are not in the file yet */
  size_t      used;      /* [bytes] used of the buffer */
  uint64_t   *names;     /* owned, [n_columns] rank 0: checksums of the names in the header */
  PetscBool   missed;    /* the warning that the file was removed or replaced was printed */

  HeatTableContents contents; /* of file and buffer */

  HeatFileError error; /* first failed write */
};

/** Write the buffer to the file; a failure stays in table->error.  Rank 0 alone. */
void HeatTableWriteBuffer(HeatTable *table);

/** Append bytes to the buffer, and write it to the file whenever it is full.  Rank 0 alone. */
void HeatTablePut(HeatTable *table, const char *text, size_t length);

/** Return the checksum of a column's name, as the header has it. */
uint64_t HeatTableNameSum(const char *name);

/** Add a value of the row after the last counted one to the digest of the contents.
 *  @param[in] name  HeatTableNameSum of its column
 *  @param[in] text  [length] the value as the file has it */
void HeatTableDigest(HeatTableContents *contents, uint64_t name, const char *text, size_t length);

/** Write the header, or the header and the rows of steps <= `last` of an older file, to a temporary
 *  file, and give it the final name; table->file is then open.  A failure stays in table->error.
 *  Rank 0 alone.
 *  @param[in] names  [table->n_columns] names of the columns
 *  @param[in] last   -1: replace an older file */
PetscErrorCode HeatTableOpenFile(HeatTable *table, const char *const *names, PetscInt64 last);

#endif
