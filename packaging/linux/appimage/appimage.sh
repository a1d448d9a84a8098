#!/bin/sh
# Makes an AppImage of the application that `./dev build` made.
#
#   appimage.sh APPLICATION OUTPUT
#
# It needs appimagetool (https://github.com/AppImage/appimagetool) on the PATH, and the runtime
# file of the same project in APPIMAGE_RUNTIME: with it, appimagetool fetches nothing.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
application=$1 output=$2
folder=$("${PYTHON:-$here/../../../.venv/bin/python}" "$here/../packages.py" appdir "$application" "$output")

# What appimagetool would refuse, or would make an AppImage of that does not start.
desktop=$folder/app.sottovoce.Sottovoce.desktop
for part in AppRun .DirIcon usr/bin/sottovoce; do
    [ -e "$folder/$part" ] || { echo "$folder has no $part." >&2; exit 1; }
done
desktop-file-validate "$desktop"
[ -e "$folder/$(sed -n 's/^Icon=//p' "$desktop").png" ] || { echo "$folder has no icon." >&2; exit 1; }

command -v appimagetool >/dev/null || {
    echo "$folder is ready. Without appimagetool, no AppImage is made of it." >&2
    exit 0
}
version=$("$folder/AppRun" --version)
appimagetool --runtime-file "${APPIMAGE_RUNTIME:?the runtime file}" --no-appstream \
    "$folder" "$output/Sottovoce-${version##* }-$(uname -m).AppImage"
