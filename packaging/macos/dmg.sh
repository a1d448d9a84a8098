#!/bin/bash
# Sign Sottovoce.app, and put it in a disk image that opens on any Mac without a warning.
#
#     dmg.sh dist/Sottovoce.app dist/Sottovoce-0.1.0-macos-arm64.dmg
#
# SIGNING_IDENTITY  whose name it bears, such as "Developer ID Application: …", from the keychain
# NOTARY_PROFILE    what `xcrun notarytool store-credentials` was told to call the account
#
# Without the first it is signed by nobody, which Apple silicon asks for at least; without the second
# Apple does not know it. Both are for trying out: other Macs then ask before they open it.
set -euo pipefail

app=$1
image=$2
here=$(cd "$(dirname "$0")" && pwd)
identity=${SIGNING_IDENTITY:--}

sign() {
    if [ "$identity" = - ]; then
        codesign --force --options runtime --sign - "$@"
    else
        codesign --force --options runtime --timestamp --sign "$identity" "$@"
    fi
}

# Has Apple look at a file, and puts what it says onto what was looked at. A Mac that never sees a
# network can ask nobody.
notarise() {
    [ -n "${NOTARY_PROFILE:-}" ] || return 0
    xcrun notarytool submit "$1" --keychain-profile "$NOTARY_PROFILE" --wait
    xcrun stapler staple "$2"
}

# From the inside out: a signature covers those of what lies within. The window's program is signed
# as the application, last. Libraries have no entitlements: those of the program count.
main="$app/Contents/MacOS/$(plutil -extract CFBundleExecutable raw "$app/Contents/Info.plist")"
find "$app/Contents" -type f ! -path "$main" -print0 | while IFS= read -r -d '' file; do
    case $(file -b "$file") in
        Mach-O*executable*) sign --entitlements "$here/entitlements.plist" "$file" ;;
        Mach-O*) sign "$file" ;;
    esac
done
sign --entitlements "$here/entitlements.plist" "$app"
codesign --verify --deep --strict --verbose=2 "$app"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ditto -c -k --keepParent "$app" "$folder/application.zip" # Apple takes no folder.
notarise "$folder/application.zip" "$app"
rm "$folder/application.zip"

ditto "$app" "$folder/$(basename "$app")"
ln -s /Applications "$folder/Applications"
rm -f "$image"
hdiutil create -volname Sottovoce -srcfolder "$folder" -fs HFS+ -format ULMO "$image"

if [ "$identity" != - ]; then
    codesign --timestamp --sign "$identity" "$image"
fi
notarise "$image" "$image"
if [ -n "${NOTARY_PROFILE:-}" ]; then
    spctl --assess --type execute --verbose "$app"
    spctl --assess --type open --context context:primary-signature --verbose "$image"
fi
