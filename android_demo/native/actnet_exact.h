/* Included first by the files whose numbers must be the same on every processor: no product is fused with
 * a sum, whatever the compiler is told. */
#ifndef ACTNET_EXACT_H
#define ACTNET_EXACT_H

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("-ffp-contract=off")
#endif

#endif
