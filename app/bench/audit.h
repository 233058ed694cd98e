/** The audit of a result: everything that can be checked without the machine and without the fields
 *  of the run, from results.json and proof.json alone.  Nothing here is collective. */
#ifndef HEAT_APP_AUDIT_H
#define HEAT_APP_AUDIT_H

#include "app/bench/bench.h"
#include "io/file/json.h"

/** What is known about the signature of a record. */
typedef enum {
  HEAT_RECORD_UNSIGNED,
  HEAT_RECORD_SIGNED, /* it has a signature that was not verified, for lack of a key */
  HEAT_RECORD_VERIFIED
} HeatRecordSignature;

/** What the windows of a proof show. */
typedef struct {
  PetscInt64 commitments, windows, cells; /* numbers that were read and evaluated */
  double     residual;                    /* field: rms of the residual over that of the
                                             right-hand side, in the cells of the windows; NaN
                                             where no equation is solved */
  double     error;                       /* modes: rms of the error over that of the solution;
                                             NaN as above */
  PetscInt64 histories;                   /* number of windows whose history was computed */
  double     history;                     /* largest error of a history; NaN as above */
} HeatAuditReport;

/** Check a proof: roots, paths, windows where the roots place them, the initial field, the discrete
 *  equation and the closed form in the windows.
 *  @param[in]     cycles  number of timed cycles that the record states
 *  @param[in]     proof   content of proof.json
 *  @param[out]    report  counts and errors of the windows
 *  @param[in,out] r       each failed check adds a reason, which begins with "audit: " */
PetscErrorCode HeatAuditProof(const HeatBenchId *id, uint32_t cycles, const HeatJson *proof,
                              HeatAuditReport *report, HeatBenchResult *r);

/** The file beside a record that holds its signature. */
#define HEAT_SIGNATURE_FILE "results.json.sig"

/** Look for the signature DIR/results.json.sig of DIR/results.json, and verify it if there is a
 *  key.
 *  @param[in]     key        file with the public key in PEM; NULL: none is given
 *  @param[out]    signature  what is known then
 *  @param[in,out] r          with a key, a missing or wrong signature adds a reason
 *  Errors: HEAT_ERR_FILE if the key cannot be read. */
PetscErrorCode HeatAuditSignature(const char *dir, const char *key, HeatRecordSignature *signature,
                                  HeatBenchResult *r);

/** What a record says about the program that wrote it; "" where it says nothing. */
typedef struct {
  char           source[HEAT_HASH_TEXT + 1]; /* SHA-256 of the sources, in hexadecimal digits */
  char           commit[64];                 /* of git, with "-dirty" for modified sources */
  HeatBenchRules rules;                      /* HEAT_BENCH_RULES: not known */
} HeatAuditProgram;

/** Return whether a commit ends in the mark of modified sources, "-dirty". */
PetscBool HeatAuditIsModified(const char *commit);

/** Add a reason if a result by the rules `base` comes from modified sources.  Only results of
 *  classes above tiny with the grade reportable or official are judged; others may be made in
 *  development.
 *  @param[in,out] r  its `seconds` are those of the timed steps */
void HeatAuditCommit(const HeatBenchId *id, HeatBenchRules rules, const char *commit,
                     HeatBenchResult *r);

/** What a proof says about the last field of `field`. */
typedef struct {
  uint32_t cycle;    /* whose last field it is */
  HeatHash root;     /* of its hash tree */
  uint64_t checksum; /* of its cells (io/file/checksum.h) */
} HeatAuditLast;

/** Read what DIR/results.json and DIR/proof.json say about the last field.
 *  @param[in,out] r  gets a reason if they differ
 *  Errors: HEAT_ERR_FILE where a file cannot be read or is no record of a benchmark;
 *  HEAT_ERR_INPUT for the workload `checkpoint`, which has no such field. */
PetscErrorCode HeatAuditReadLast(const char *dir, HeatBenchId *id, HeatAuditLast *last,
                                 HeatBenchResult *r);

/** Audit DIR/results.json and DIR/proof.json.
 *  @param[out]    id       class, workload and nonce that the record states
 *  @param[out]    program  what the record says about its program
 *  @param[in,out] r        zeroed by the caller; gets the times of the record, and a reason for
 *                          each failed check: the result is valid if there is none
 *  Errors: HEAT_ERR_FILE where a file cannot be read or is no record of a benchmark. */
PetscErrorCode HeatAuditFolder(const char *dir, HeatBenchId *id, HeatAuditReport *report,
                               HeatAuditProgram *program, HeatBenchResult *r);

#endif
