#!/bin/sh
# Puts Sottovoce into your menus, for you alone: no administrator, no network, nothing but copies.
#
#   ./install.sh                install, or replace the version that is there
#   ./install.sh --uninstall    remove the program; your chats stay where they are
#
# The program goes to ~/.local/lib/sottovoce, what starts it to ~/.local/bin/sottovoce.
set -eu

id=app.sottovoce.Sottovoce
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
share=${XDG_DATA_HOME:-$HOME/.local/share}
case "$share" in
/*) ;;
*) share=$HOME/.local/share ;; # As the standard says: a relative one is not meant.
esac
home=$HOME/.local/lib/sottovoce
command=$HOME/.local/bin/sottovoce
parts="sottovoce sottovoce-engine _internal share install.sh"

# Removes our parts of a folder, and the folder if nothing of somebody else's is in it.
remove_program() {
    for part in $parts; do
        rm -rf -- "${1:?}/$part"
    done
    [ ! -d "$1" ] || rmdir -- "$1" 2>/dev/null || echo "Left, because it is not ours: $1"
}

# What the desktop is told; one place for what install and uninstall do.
desktop_files() {
    (cd "$1" && find applications metainfo mime/packages icons man -type f -name "*sottovoce*" -o \
        -type f -name "$id*") 2>/dev/null || true
}

tell_desktop() {
    ! command -v update-desktop-database >/dev/null || update-desktop-database -q "$share/applications" || true
    ! command -v update-mime-database >/dev/null || update-mime-database "$share/mime" || true
    ! command -v gtk-update-icon-cache >/dev/null ||
        gtk-update-icon-cache --quiet --force --ignore-theme-index "$share/icons/hicolor" || true
}

# What starts it is ours if it leads to us; somebody's own command of the same name is not.
has_our_command() {
    [ -L "$command" ] && [ "$(readlink -- "$command")" = "$home/sottovoce" ]
}

# Leaves of an exchanged version what is not ours, where people had put it.
settle_old() {
    [ -d "$home.old" ] || return 0
    if [ ! -d "$home" ]; then # An exchange was interrupted.
        mv -- "$home.old" "$home"
        return 0
    fi
    for part in $parts; do
        rm -rf -- "$home.old/$part"
    done
    find "$home.old" -mindepth 1 -maxdepth 1 -exec mv -n -- {} "$home/" \;
    rmdir -- "$home.old" 2>/dev/null || {
        echo "$home.old is in the way: it holds what is not ours. Move it, then start this again." >&2
        exit 1
    }
}

# The desktop reads the line twice: as a value, then as a command.
quoted() {
    printf '%s' "$1" | sed -e 's/[\"`$]/\\&/g' -e 's/\\/\\\\/g' -e 's/%/%%/g'
}

# A program whose files are exchanged under it goes wrong in ways nobody understands.
refuse_while_running() {
    for program in /proc/[0-9]*/exe; do
        case "$(readlink -- "$program" 2>/dev/null)" in
        "$home"/*)
            echo "Sottovoce is running. Close it, then start this again." >&2
            exit 1
            ;;
        esac
    done
}

uninstall() {
    refuse_while_running
    settle_old
    [ ! -d "$home/share" ] || desktop_files "$home/share" | while read -r file; do
        rm -f -- "$share/$file"
    done
    ! has_our_command || rm -f -- "$command"
    remove_program "$home"
    tell_desktop
    echo "Sottovoce is removed. Your chats, documents and models are still in $share/Sottovoce;"
    echo "remove that folder, too, if you do not want them any more."
}

install() {
    if [ "$here" = "$home" ]; then
        echo "This is the installed program. Run install.sh of the version you want to install." >&2
        exit 1
    fi
    for part in $parts; do
        [ -e "$here/$part" ] || { echo "$here is not whole: $part is missing." >&2; exit 1; }
    done
    refuse_while_running
    mkdir -p -- "$(dirname -- "$home")" "$(dirname -- "$command")" "$share"
    settle_old
    # Copied whole beside the old one, then exchanged: an interrupted copy replaces nothing.
    rm -rf -- "$home.new"
    mkdir -- "$home.new"
    for part in $parts; do
        cp -R -P -p -- "$here/$part" "$home.new/"
    done
    if [ -d "$home" ]; then
        desktop_files "$home/share" | while read -r file; do
            rm -f -- "$share/$file"
        done
        mv -- "$home" "$home.old"
    fi
    mv -- "$home.new" "$home"
    settle_old
    desktop_files "$home/share" | while read -r file; do
        mkdir -p -- "$share/$(dirname -- "$file")"
        cp -- "$home/share/$file" "$share/$file"
    done
    # The menu's PATH need not have ~/.local/bin.
    program=$(quoted "$home/sottovoce") awk '
        /^Exec=sottovoce/ { $0 = "Exec=\"" ENVIRON["program"] "\"" substr($0, length("Exec=sottovoce") + 1) }
        { print }
    ' "$home/share/applications/$id.desktop" >"$share/applications/$id.desktop"
    tell_desktop
    if { [ -e "$command" ] || [ -L "$command" ]; } && ! has_our_command; then
        echo "Sottovoce is in your menus. Left, because it is not ours: $command"
    else
        ln -sfn -- "$home/sottovoce" "$command"
        echo "Sottovoce is in your menus, and in $command."
    fi
}

case "${1-}" in
'') install ;;
--uninstall) uninstall ;;
*)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
