/** A reduction of a message as a whole (reduce_whole.h). */
#include "solver/base/reduce_whole.h"

#include "solver/base/error.h"

PetscErrorCode HeatReduceWhole(MPI_Comm comm, size_t bytes, void *message,
                               MPI_User_function *combine)
{
  PetscMPIInt  n;
  MPI_Datatype type;
  MPI_Op       op;

  PetscFunctionBeginUser;
  PetscCall(PetscMPIIntCast((PetscInt)bytes, &n));
  PetscCallMPI(MPI_Type_contiguous(n, MPI_BYTE, &type));
  PetscCallMPI(MPI_Type_commit(&type));
  PetscCallMPI(MPI_Op_create(combine, 1, &op));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, message, 1, type, op, comm));
  PetscCallMPI(MPI_Op_free(&op));
  PetscCallMPI(MPI_Type_free(&type));
  PetscFunctionReturn(PETSC_SUCCESS);
}
