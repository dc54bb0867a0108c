// libedit as LineEditing uses it. The library is opened when a person is prompted and not linked:
// it would be loaded at every start of the program, and very few starts prompt. Its header gives
// each function its type.
#pragma once
#include <dlfcn.h>
#include <histedit.h>
#include <stdio.h>

typedef struct {
  __typeof__(el_init) *init;
  __typeof__(el_end) *end;
  __typeof__(el_gets) *gets;
  __typeof__(el_push) *push;
  __typeof__(el_set) *set;
  __typeof__(el_line) *line;
  __typeof__(el_source) *source;
  __typeof__(el_insertstr) *insertstr;
  __typeof__(el_deletestr) *deletestr;
  __typeof__(history_init) *history_init;
  __typeof__(history_end) *history_end;
  __typeof__(history) *history;
} rotactl_edit;

// 0 when every function was found; the library stays open.
static inline int rotactl_edit_open(const char *library, rotactl_edit *edit) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return -1;
  int missing = 0;
#define ROTACTL_FIND(member, symbol) \
  missing |= !(edit->member = (__typeof__(edit->member))dlsym(handle, symbol))
  ROTACTL_FIND(init, "el_init");
  ROTACTL_FIND(end, "el_end");
  ROTACTL_FIND(gets, "el_gets");
  ROTACTL_FIND(push, "el_push");
  ROTACTL_FIND(set, "el_set");
  ROTACTL_FIND(line, "el_line");
  ROTACTL_FIND(source, "el_source");
  ROTACTL_FIND(insertstr, "el_insertstr");
  ROTACTL_FIND(deletestr, "el_deletestr");
  ROTACTL_FIND(history_init, "history_init");
  ROTACTL_FIND(history_end, "history_end");
  ROTACTL_FIND(history, "history");
#undef ROTACTL_FIND
  return missing;
}

// Swift cannot call C variadics, so each use of el_set and history has one inline here.
static inline int rotactl_edit_set_prompt(
    const rotactl_edit *edit, EditLine *line, char *(*prompt)(EditLine *)) {
  return edit->set(line, EL_PROMPT, prompt);
}
static inline int rotactl_edit_set_text(
    const rotactl_edit *edit, EditLine *line, int what, const char *text) {
  return edit->set(line, what, text);
}
static inline int rotactl_edit_set_int(
    const rotactl_edit *edit, EditLine *line, int what, int value) {
  return edit->set(line, what, value);
}
static inline int rotactl_edit_add_function(
    const rotactl_edit *edit, EditLine *line, const char *name, const char *help,
    unsigned char (*function)(EditLine *, int)) {
  return edit->set(line, EL_ADDFN, name, help, function);
}
static inline int rotactl_edit_bind(
    const rotactl_edit *edit, EditLine *line, const char *key, const char *function) {
  return edit->set(line, EL_BIND, key, function, NULL);
}
static inline int rotactl_edit_use_history(
    const rotactl_edit *edit, EditLine *line, History *history) {
  return edit->set(line, EL_HIST, edit->history, history);
}
static inline int rotactl_edit_history_size(const rotactl_edit *edit, History *history, int size) {
  HistEvent event;
  return edit->history(history, &event, H_SETSIZE, size);
}
static inline int rotactl_edit_history_add(
    const rotactl_edit *edit, History *history, const char *line) {
  HistEvent event;
  return edit->history(history, &event, H_ENTER, line);
}
