/** The last field of the timed problem: it is committed to, written to DIR/field.h5, and read again
 *  by another run.
 *
 *  The file is a field file as snapshots are (io/field_file).  A later run, on any number of ranks,
 *  reads it and computes from its cells what the record and the proof state: the root of the hash
 *  tree, and a checksum of 64 bits that depends on no order of cells (io/file/checksum.h).  It also
 *  compares range and heat of the field with those of the initial field that the nonce gives.
 *
 *  The functions are collective on `comm` or grid->comm unless stated otherwise. */
#ifndef HEAT_APP_BENCH_LAST_H
#define HEAT_APP_BENCH_LAST_H

#include "app/bench/audit.h"

/** The name of the file in the folder of a result. */
#define HEAT_FIELD_NAME "field.h5"

/** Return whether the last field of a run is written to the file.  Not collective. */
PetscBool HeatBenchWritesLast(const HeatBenchRequest *q);

/** Commit to the last field, compute its checksum, and write it to DIR/field.h5 if the class or the
 *  request says so; store what was found in r->last.
 *  @param[in] T  [nyl][nxl] [K]
 *  Errors: HEAT_ERR_FILE if the file cannot be written. */
PetscErrorCode HeatBenchKeepLast(const HeatBenchRequest *q, const HeatCase *c, const HeatGrid *grid,
                                 const PetscReal *T, HeatProof *proof, HeatBenchResult *r);

/** What a file holds. */
typedef struct {
  HeatBenchId   id;       /* that the record states */
  HeatAuditLast stated;   /* by record and proof */
  HeatHash      root;     /* of the field in the file */
  uint64_t      checksum; /* of the field in the file */
  double        outside;  /* [K] by which it leaves the range of the initial field; <= 0: it does
                             not */
  double        balance;  /* error of its heat, over the heat of the initial field above the lowest
                             temperature */
} HeatBenchReread;

/** Read DIR/field.h5 and compare it with DIR/results.json and DIR/proof.json.
 *  @param[in,out] r  zeroed by the caller; gets a reason for each difference, on rank 0
 *  Errors: HEAT_ERR_FILE where a file cannot be read, is damaged or is of another kind;
 *  HEAT_ERR_INPUT for the workload `checkpoint`, for more cells than PetscInt counts, and where the
 *  memory does not suffice for the field. */
PetscErrorCode HeatBenchRereadLast(MPI_Comm comm, const char *dir, HeatBenchReread *found,
                                   HeatBenchResult *r);

#endif
