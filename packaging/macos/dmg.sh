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

# From the inside out: a signature covers those of what lies within.
find "$app/Contents" -type f -print0 | while IFS= read -r -d '' file; do
    case $(file -b "$file") in
        Mach-O*) sign --entitlements "$here/entitlements.plist" "$file" ;;
    esac
done
sign --entitlements "$here/entitlements.plist" "$app"
codesign --verify --deep --strict --verbose=2 "$app"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ditto "$app" "$folder/$(basename "$app")"
ln -s /Applications "$folder/Applications"
rm -f "$image"
hdiutil create -volname Sottovoce -srcfolder "$folder" -fs HFS+ -format ULMO "$image"

if [ "$identity" != - ]; then
    codesign --timestamp --sign "$identity" "$image"
fi
if [ -n "${NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$image" --keychain-profile "$NOTARY_PROFILE" --wait
    xcrun stapler staple "$image"
    spctl --assess --type open --context context:primary-signature --verbose "$image"
fi
