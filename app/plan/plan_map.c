/** Ownership maps as text and as SVG, and functions that all kinds of maps use (plan_map.h).
 *
 *  y points upwards, as in the domain, so that a text lists the rows of blocks from the last to the
 *  first. */
#include "app/plan/plan_map.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/file/file_util.h"

HeatMapKind HeatPlanMapKind(const char *path)
{
  const char *dot = strrchr(path, '.');

  if (!dot) return HEAT_MAP_NONE;
  if (!strcmp(dot, ".txt")) return HEAT_MAP_TEXT;
  if (!strcmp(dot, ".svg")) return HEAT_MAP_SVG;
  return strcmp(dot, ".png") ? HEAT_MAP_NONE : HEAT_MAP_PNG;
}

/* Colours: the qualitative scheme "bright" of P. Tol, with one more grey. */
HeatMapColour HeatMapColourOf(const HeatLayout *l, PetscInt ip, PetscInt jp)
{
  static const HeatMapColour colours[] = {{68, 119, 170},  {102, 204, 238}, {34, 136, 51},
                                          {204, 187, 68},  {238, 102, 119}, {170, 51, 119},
                                          {187, 187, 187}, {119, 119, 119}};

  /* Each row of nodes begins three colours later, so that nodes above one another differ. */
  if (l->tile[0] > 0) return colours[(ip / l->tile[0] + 3 * (jp / l->tile[1])) % 8];
  return colours[HeatLayoutNode(l, ip, jp) % 8];
}

PetscErrorCode HeatMapTextAdd(HeatMapText *t, const char *format, ...)
{
  va_list arguments;
  int     length;

  PetscFunctionBeginUser;
  va_start(arguments, format);
  length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (t->n + (size_t)length + 1 > t->room) {
    t->room = 2 * (t->room + (size_t)length) + 4096;
    PetscCall(PetscRealloc(t->room, &t->text));
  }
  va_start(arguments, format);
  (void)vsnprintf(t->text + t->n, t->room - t->n, format, arguments);
  va_end(arguments);
  t->n += (size_t)length;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Text. */

enum {
  TEXT_COLUMNS = 24, /* most blocks in a line of text.  Chosen: a screen */
  TEXT_ROWS    = 48  /* most lines.  Chosen: a screen */
};

PetscErrorCode HeatPlanDrawText(const HeatPlan *p, HeatMapText *out)
{
  const HeatLayout *l  = &p->layout;
  const PetscInt    px = PetscMin(l->px, TEXT_COLUMNS), py = PetscMin(l->py, TEXT_ROWS);
  const int         node = snprintf(NULL, 0, "%" PetscInt_FMT, l->n_nodes - 1);
  const int         rank = snprintf(NULL, 0, "%" PetscInt_FMT, l->size - 1);

  PetscFunctionBeginUser;
  PetscCall(HeatMapTextAdd(
      out, "node:rank of each block, %" PetscInt_FMT " x %" PetscInt_FMT " blocks, y upwards\n",
      l->px, l->py));
  if (px < l->px || py < l->py)
    PetscCall(HeatMapTextAdd(out,
                             "(the lower left %" PetscInt_FMT " x %" PetscInt_FMT
                             " blocks; an .svg or .png shows more)\n",
                             px, py));
  for (PetscInt jp = py - 1; jp >= 0; jp--) {
    for (PetscInt ip = 0; ip < px; ip++)
      PetscCall(HeatMapTextAdd(out, " %*" PetscInt_FMT ":%-*" PetscInt_FMT, node,
                               HeatLayoutNode(l, ip, jp), rank, jp * l->px + ip));
    PetscCall(HeatMapTextAdd(out, "\n"));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* SVG. */

enum {
  NUMBERED = 4096, /* most blocks that are drawn with their ranks; chosen */
  DRAWN    = 65536 /* most rectangles.  Chosen: a file of some 5 MB, which browsers open */
};

/* The part of the domain that is drawn, columns [0, px) and rows [0, py) of blocks, and its size in
   pixels. */
typedef struct {
  const HeatLayout *l;
  PetscInt          px, py;
  double            width, height;
} Picture;

/* Return the x [pixels] of the left edge of column ip of blocks. */
static double X(const Picture *s, PetscInt ip)
{
  return s->width * (double)HeatLayoutCut(s->l, 0, ip) / (double)HeatLayoutCut(s->l, 0, s->px);
}

/* Return the y [pixels], counted downwards, of the lower edge of row jp of blocks. */
static double Y(const Picture *s, PetscInt jp)
{
  return s->height *
         (1.0 - (double)HeatLayoutCut(s->l, 1, jp) / (double)HeatLayoutCut(s->l, 1, s->py));
}

/* Draw blocks [i, i_end) x [j, j_end) as one rectangle in the colour of their node. */
static PetscErrorCode AddRectangle(const Picture *s, PetscInt i, PetscInt i_end, PetscInt j,
                                   PetscInt j_end, HeatMapText *out)
{
  const HeatMapColour c = HeatMapColourOf(s->l, i, j);

  PetscFunctionBeginUser;
  PetscCall(HeatMapTextAdd(out,
                           "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" "
                           "fill=\"#%02x%02x%02x\"/>\n",
                           X(s, i), Y(s, j_end), X(s, i_end) - X(s, i), Y(s, j) - Y(s, j_end), c.r,
                           c.g, c.b));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Draw each block with the number of its rank. */
static PetscErrorCode AddBlocks(const Picture *s, HeatMapText *out)
{
  const double size = PetscMin(
      14.0, 0.4 * PetscMin(s->width / (double)s->px * 0.8, s->height / (double)s->py));

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < s->py; j++) {
    for (PetscInt i = 0; i < s->px; i++) {
      PetscCall(AddRectangle(s, i, i + 1, j, j + 1, out));
      PetscCall(HeatMapTextAdd(
          out, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.2f\">%" PetscInt_FMT "</text>\n",
          0.5 * (X(s, i) + X(s, i + 1)), 0.5 * (Y(s, j) + Y(s, j + 1)) + 0.35 * size, size,
          j * s->l->px + i));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Draw the rectangle of each node or, if nodes own none, the runs of its blocks in each row. */
static PetscErrorCode AddNodes(const Picture *s, HeatMapText *out)
{
  const PetscInt tall = s->l->tile[0] > 0 ? s->l->tile[1] : 1;

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < s->py; j += tall) {
    for (PetscInt i = 0, end; i < s->px; i = end) {
      for (end = i + 1; end < s->px && HeatLayoutNode(s->l, end, j) == HeatLayoutNode(s->l, i, j);)
        end++;
      PetscCall(AddRectangle(s, i, end, j, PetscMin(j + tall, s->py), out));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose the blocks that are drawn: all, or whole nodes at the lower left corner, at most DRAWN. */
static Picture ChoosePicture(const HeatLayout *l)
{
  const PetscInt wide = l->tile[0] > 0 ? l->tile[0] : 1, tall = l->tile[0] > 0 ? l->tile[1] : 1;
  Picture        s = {.l = l, .px = l->px, .py = l->py};
  double         ratio;

  while ((double)(s.px / wide) * (double)(s.py / tall) > DRAWN) {
    if (s.px / wide >= s.py / tall) s.px = PetscMax(wide, s.px / 2 / wide * wide);
    else s.py = PetscMax(tall, s.py / 2 / tall * tall);
  }
  /* Pixels: 1000 along the longer axis, and at least 100 along the other one. */
  ratio    = (double)HeatLayoutCut(l, 1, s.py) / (double)HeatLayoutCut(l, 0, s.px);
  s.width  = PetscMax(100.0, PetscMin(1000.0, 1000.0 / ratio));
  s.height = PetscMax(100.0, PetscMin(1000.0, 1000.0 * ratio));
  return s;
}

static PetscErrorCode AddLegend(const HeatPlan *p, const Picture *s, HeatMapText *out)
{
  const HeatLayout *l = &p->layout;

  PetscFunctionBeginUser;
  PetscCall(HeatMapTextAdd(
      out,
      "<text x=\"0\" y=\"%.0f\" style=\"text-anchor:start\" font-size=\"14\">%" PetscInt_FMT
      " ranks on %" PetscInt_FMT " nodes, %" PetscInt_FMT " x %" PetscInt_FMT
      " blocks; a colour is a node%s",
      s->height + 20.0, l->size, l->n_nodes, l->px, l->py,
      (PetscInt64)s->px * s->py <= NUMBERED ? ", a number a rank" : ""));
  if (s->px < l->px || s->py < l->py)
    PetscCall(HeatMapTextAdd(
        out, "; shown: the lower left %" PetscInt_FMT " x %" PetscInt_FMT " blocks", s->px, s->py));
  PetscCall(HeatMapTextAdd(out, "</text>\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPlanDrawSvg(const HeatPlan *p, HeatMapText *out)
{
  const Picture s = ChoosePicture(&p->layout);

  PetscFunctionBeginUser;
  PetscCall(HeatMapTextAdd(
      out,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
      "viewBox=\"-1 -1 %.0f %.0f\">\n<style>rect{stroke:#fff;stroke-width:%s}"
      "text{font-family:sans-serif;text-anchor:middle}</style>\n",
      PetscMax(s.width, 560.0) + 2.0, s.height + 30.0, PetscMax(s.width, 560.0) + 2.0,
      s.height + 30.0, (PetscInt64)s.px * s.py <= NUMBERED ? "1" : "0.3"));
  if ((PetscInt64)s.px * s.py <= NUMBERED) PetscCall(AddBlocks(&s, out));
  else PetscCall(AddNodes(&s, out));
  PetscCall(AddLegend(p, &s, out));
  PetscCall(HeatMapTextAdd(out, "</svg>\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Files. */

PetscErrorCode HeatPlanWriteMap(const HeatPlan *p, const char *path)
{
  const HeatMapKind kind  = HeatPlanMapKind(path);
  HeatMapText       out   = {0};
  HeatFileError     error = {0};

  PetscFunctionBeginUser;
  if (kind == HEAT_MAP_TEXT) PetscCall(HeatPlanDrawText(p, &out));
  else if (kind == HEAT_MAP_SVG) PetscCall(HeatPlanDrawSvg(p, &out));
  else PetscCall(HeatPlanDrawPng(p, &out));
  HeatFileWriteNamed(path, out.text, out.n, &error);
  PetscCall(PetscFree(out.text));
  HeatCheck(!error.failed, PETSC_COMM_SELF, HEAT_ERR_FILE, "%s: cannot be written: %s", path,
            error.text);
  PetscFunctionReturn(PETSC_SUCCESS);
}
