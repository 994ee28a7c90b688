/* How the functions of this folder fill an error. */
#ifndef ACTNET_FAIL_H
#define ACTNET_FAIL_H

#include <stdarg.h>
#include <stdio.h>

#include "actnet_error.h"

__attribute__((format(printf, 3, 4), unused))
static ActnetCode fail(ActnetError *error, ActnetCode code, const char *format, ...) {
  va_list arguments;
  if (error == NULL) return code;
  error->code = code;
  va_start(arguments, format);
  vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  return code;
}

#endif
