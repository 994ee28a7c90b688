/* What the functions of actnet_engine.h and actnet_verification.h return where they fail. */
#ifndef ACTNET_ERROR_H
#define ACTNET_ERROR_H

/* What every function that can fail returns. The numbers stay: apps store and compare them. */
typedef enum {
  ACTNET_OK = 0,
  ACTNET_OUT_OF_MEMORY = 1,
  ACTNET_NO_FILE = 2,        /* the model is not there, or may not be read */
  ACTNET_DAMAGED_MODEL = 3,  /* no TFLite file, or one that LiteRT cannot read */
  ACTNET_UNFIT_MODEL = 4,    /* a TFLite file, but not from one picture to one descriptor */
  ACTNET_WRONG_ARGUMENT = 5, /* NULL, no thread, or something of another size */
  ACTNET_RUNTIME_FAILED = 6  /* LiteRT refused; the text holds its status */
} ActnetCode;

/* A code, and a sentence in English for a log or a screen: what came, what is allowed. */
typedef struct {
  ActnetCode code;
  char text[512];
} ActnetError;

#endif
