/** Write the XDMF file.
 *
 *  Dimensions begin with the slowest index, as in HDF5.  VXVY lists the edges in x first, then the
 *  edges in y.  The text is made in memory and written as a whole, so that a viewer never reads an
 *  incomplete file.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/run_files/xdmf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "solver/base/printable.h"

/* Write a text with XML's special characters escaped.  Its control characters must have been
   replaced. */
static void PutText(FILE *out, const char *text)
{
  for (; *text; text++) {
    if (*text == '<') fputs("&lt;", out);
    else if (*text == '>') fputs("&gt;", out);
    else if (*text == '&') fputs("&amp;", out);
    else if (*text == '"') fputs("&quot;", out);
    else fputc(*text, out);
  }
}

/* Write a reference to the n values of one axis in the file of a step. */
static void PutAxis(FILE *out, PetscInt n, PetscInt64 step, const char *dataset)
{
  fprintf(out,
          "          <DataItem Dimensions=\"%" PetscInt_FMT
          "\" NumberType=\"Float\" Precision=\"8\" "
          "Format=\"HDF\">snapshot_%06lld.h5:/%s</DataItem>\n",
          n, (long long)step, dataset);
}

/* Write the attribute of one field, with a reference to its values [ny][nx]. */
static void PutField(FILE *out, PetscInt nx, PetscInt ny, PetscInt64 step,
                     const HeatXdmfField *field)
{
  const PetscBool is_double = field->element == HEAT_ELEMENT_DOUBLE ? PETSC_TRUE : PETSC_FALSE;

  fprintf(out,
          "        <Attribute Name=\"%s\" AttributeType=\"Scalar\" Center=\"Cell\">\n"
          "          <DataItem Dimensions=\"%" PetscInt_FMT " %" PetscInt_FMT
          "\" NumberType=\"%s\" "
          "Precision=\"%d\" Format=\"HDF\">snapshot_%06lld.h5:/%s</DataItem>\n"
          "        </Attribute>\n",
          field->name, ny, nx, is_double ? "Float" : "Int", is_double ? 8 : 4, (long long)step,
          field->name);
}

/* Write the grid of one snapshot: time, topology, edges and fields. */
static void PutGrid(FILE *out, PetscInt nx, PetscInt ny, const HeatXdmfFields *fields,
                    const HeatSnapshotEntry *entry)
{
  fprintf(out,
          "      <Grid Name=\"step %lld\" GridType=\"Uniform\">\n"
          "        <Time Value=\"%.17g\"/>\n"
          "        <Topology TopologyType=\"2DRectMesh\" Dimensions=\"%" PetscInt_FMT
          " %" PetscInt_FMT "\"/>\n"
          "        <Geometry GeometryType=\"VXVY\">\n",
          (long long)entry->step, (double)entry->time, ny + 1, nx + 1);
  PutAxis(out, nx + 1, entry->step, "x_edges");
  PutAxis(out, ny + 1, entry->step, "y_edges");
  fputs("        </Geometry>\n", out);
  for (PetscInt f = 0; f < fields->n; f++) PutField(out, nx, ny, entry->step, &fields->fields[f]);
  fputs("      </Grid>\n", out);
}

PetscErrorCode HeatXdmfWrite(const char *path, const char *title, PetscInt nx, PetscInt ny,
                             PetscInt n, const HeatSnapshotEntry *entries,
                             const HeatXdmfFields *fields, HeatFileError *error)
{
  char  *text   = NULL, *name;
  size_t length = 0;
  FILE  *out;

  PetscFunctionBeginUser;
  if (error->failed) PetscFunctionReturn(PETSC_SUCCESS);
  out = open_memstream(&text, &length);
  PetscCheck(out, PETSC_COMM_SELF, PETSC_ERR_MEM, "no memory for the XDMF text");
  fputs("<?xml version=\"1.0\" ?>\n<!DOCTYPE Xdmf SYSTEM \"Xdmf.dtd\" []>\n<Xdmf Version=\"2.0\">\n"
        "  <Domain>\n    <Grid Name=\"",
        out);
  PetscCall(PetscStrallocpy(title, &name));
  PutText(out, HeatPrintable(name));
  PetscCall(PetscFree(name));
  fputs("\" GridType=\"Collection\" CollectionType=\"Temporal\">\n", out);
  for (PetscInt i = 0; i < n; i++) {
    if (fields[i].n > 0) PutGrid(out, nx, ny, &fields[i], &entries[i]);
  }
  fputs("    </Grid>\n  </Domain>\n</Xdmf>\n", out);
  PetscCheck(fclose(out) == 0, PETSC_COMM_SELF, PETSC_ERR_MEM, "no memory for the XDMF text");
  HeatFileReplace(path, text, length, error);
  free(text);
  PetscFunctionReturn(PETSC_SUCCESS);
}
