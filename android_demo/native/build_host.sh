#!/usr/bin/env bash
# Compile the engine for this machine, against LiteRT of PyPI's ai-edge-litert.
#
#     build_host.sh FOLDER PYTHON
#
# FOLDER gets libactnet.so, and libactnet_jni.so where a JDK is found (JAVA_HOME, else javac's).
# PYTHON is an interpreter that has ai-edge-litert; the libraries find LiteRT where it lies there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
compiler=${CC:-cc}

litert=$("$2" -c 'import importlib.util as u; print(u.find_spec("ai_edge_litert").submodule_search_locations[0])') ||
    { echo "build_host: $2 has no ai-edge-litert; run: pip install 'mobile-actnet[tflite]'" >&2; exit 1; }
java=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac || echo /none/bin/javac)")")")}

# library NAME WORDS...: the engine and what WORDS name, as one library.
library() {
    local name=$1
    shift
    "$compiler" -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC "$here"/actnet_{engine,verification,matching,homography}.c \
        "$here"/actnet_{codes,extraction,extrema,gradients,grey,planes,sift}.c \
        "$@" -o "$folder/$name" -L"$litert" -lLiteRt -lm -Wl,-rpath,"$litert"
}

library libactnet.so
if [ -e "$java/include/jni.h" ]; then
    library libactnet_jni.so "$here/actnet_jni.c" -I"$java/include" -I"$java/include/linux"
else
    echo "SKIPPED: libactnet_jni.so, no JDK found; set JAVA_HOME" >&2
fi
