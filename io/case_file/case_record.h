/** The case in a record (results.json): written by a run, and read again by a later run.
 *
 *  A record is JSON, which is YAML, too; so the parser of case files reads it, and messages name
 *  its lines.  Its members
 *
 *    "case":         {"grid": {"cells": [64, 32], ...}, ...}   after --set and --output
 *    "case_files":   [{"name": "map.h5", "path": "/home/a/map.h5", "checksum": "0x..."}, ...]
 *    "case_options": {"ksp_type": "cg", ...}                   of PETSc, besides those of the case
 *
 *  hold what is needed to run it again.  "case" keeps the names of files as the user wrote them,
 *  because a checkpoint holds them; "case_files" says where the files are.
 *
 *  A record may come from a stranger.  Its case is checked as that of any case file, and its
 *  options by the rules for options of a case (solver/case/petsc_rules.h).
 */
#ifndef HEAT_IO_CASE_RECORD_H
#define HEAT_IO_CASE_RECORD_H

#include "io/case_file/case_reader.h"

/** If the root of the tree is that of a record, replace it by the root of its case, and store the
 *  other members in r->c.  Collective in the sense of case_reader.h.
 *  Errors: HEAT_ERR_INPUT for a record without a case, and for members of a wrong form. */
PetscErrorCode HeatRecordOpen(const HeatReader *r, HeatYamlNode **root);

/** Return whether a text begins as a record does; it need not be complete. */
PetscBool HeatRecordBegins(const char *text);

/** Write the case below `root`, with the title and the output folder of r->c, as a JSON text to
 *  r->c->effective. */
PetscErrorCode HeatRecordDescribe(const HeatReader *r, HeatYamlTree *tree, HeatYamlNode *root);

#endif
