/* Fuzzing target: any bytes as an HDF5 file, read as a snapshot or checkpoint of heat2d and as a
   file of another program for `initial` or a region.  It must be read, or refused with one
   message, and no object of HDF5 may stay open. */
#define _POSIX_C_SOURCE 200809L
#include <hdf5.h>
#include <unistd.h>

#include "fuzz_target.h"

#include "io/field_file/field_file.h"
#include "io/run_files/checkpoint_group.h"

enum { NX = 5, NY = 4 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  (void)argc, (void)argv;
  MUST(PetscInitializeNoArguments() == 0 && PetscPopSignalHandler() == 0);
  MUST(H5open() >= 0);
  return 0;
}

static HeatGrid *MakeGrid(void)
{
  HeatCase *c;
  HeatGrid *grid;

  MUST(HeatCaseCreate(&c) == 0);
  c->grid.cells[0]              = NX;
  c->grid.cells[1]              = NY;
  c->grid.x[1]                  = 2.5;
  c->grid.y[1]                  = 1.0;
  c->decomposition.processes[0] = c->decomposition.processes[1] = 1;
  MUST(HeatGridCreate(PETSC_COMM_SELF, c, &grid) == 0);
  MUST(HeatCaseDestroy(&c) == 0);
  return grid;
}

static PetscErrorCode ReadState(const char *path)
{
  static HeatFieldFileInfo info;
  HeatCheckpointState      state;
  HeatFileError            error = {0};

  MUST(HeatCheckpointTryReadState(PETSC_COMM_SELF, path, &info, &state, &error) == 0);
  MUST(HeatCheckpointStateClear(&state) == 0);
  return HeatFileAgree(PETSC_COMM_SELF, path, "read", &error);
}

static void Read(const HeatGrid *grid, const char *path)
{
  static HeatFieldFileInfo info;
  double                   values[NX * NY];
  int32_t                  codes[NX * NY];

  ACCEPTS_OR_REFUSES(HeatFieldFileVerify(PETSC_COMM_SELF, path, &info));
  ACCEPTS_OR_REFUSES(ReadState(path));
  ACCEPTS_OR_REFUSES(HeatFieldFileRead(grid, path, "temperature", HEAT_ELEMENT_DOUBLE, values));
  ACCEPTS_OR_REFUSES(HeatFieldFileRead(grid, path, "/g/material", HEAT_ELEMENT_INT32, codes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  HeatGrid *grid   = MakeGrid();
  char      path[] = "/dev/shm/fuzz_field_file_XXXXXX"; /* HDF5 needs a file with a name */
  const int file   = mkstemp(path);

  MUST(file >= 0 && write(file, data, size) == (ssize_t)size && close(file) == 0);
  Read(grid, path);
  MUST(unlink(path) == 0);
  MUST(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL) == 0);
  MUST(HeatGridDestroy(&grid) == 0);
  return 0;
}
