#!/bin/sh
# pack.sh ROOT OUT: makes OUT/tldops-bot_VERSION_ARCHITECTURE.deb of ROOT, where the program and its libraries lie in
# a virtual environment at usr/lib/tldops-bot, made by the Python of this Debian (`make deb` does).
# The same libraries and the same SOURCE_DATE_EPOCH make the same octets, wherever and by whomever it is run.
set -eu
export LC_ALL=C SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(date +%s)}"
root=$(realpath "$1") out=$(realpath "$2")
here=$(dirname "$(realpath "$0")") top=$(dirname "$(dirname "$(dirname "$(realpath "$0")")")")
env="$root/usr/lib/tldops-bot" inside=/usr/lib/tldops-bot
umask 022

interpreter=$(realpath "$env/bin/python")
python=$(basename "$env"/lib/python3.*)
python=${python#python}
version=$("$env/bin/python" -c 'import importlib.metadata; print(importlib.metadata.version("tldops-bot"))')

# What an environment has for people at a shell, and what would tell where it was made.
find "$env/bin" -mindepth 1 ! -name 'python*' ! -name tldops-bot -delete
find "$env" -name __pycache__ -type d -prune -exec rm -rf {} +
find "$env" -path '*.dist-info/direct_url.json' -delete
sed -i "1s|.*|#!$inside/bin/python|" "$env/bin/tldops-bot"
printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = %s\n' "$python" > "$env/pyvenv.cfg"
ln -sf ../../../bin/python3 "$env/bin/python3"
rm -rf "$env/include" "$env/lib64" "$env/share"
find "$env" -name '.git*' -delete
# These lines hold sums of scripts that named the folder it was made in.
sed -i -e '/^\.\.\//d' -e '/direct_url\.json,/d' "$env"/lib/python3*/site-packages/*.dist-info/RECORD
find "$env/lib" -type f -perm /111 -exec chmod a-x {} +
# One after the other: what a compiled file looks like depends on those compiled before it in the same process.
PYTHONHASHSEED=0 "$interpreter" -m compileall -q --invalidation-mode unchecked-hash -s "$root" "$env/lib" >/dev/null

install -D -m 755 "$here/tldops-bot" "$root/usr/bin/tldops-bot"
for unit in tldops-bot.service tldops-bot.socket; do
    install -D -m 644 "$top/packaging/systemd/$unit" "$root/lib/systemd/system/$unit"
done
doc="$root/usr/share/doc/tldops-bot"
install -D -m 644 "$top/config.example.toml" "$doc/examples/config.example.toml"
install -m 644 "$top"/packaging/mail-servers/* "$doc/examples/"
install -m 644 "$top"/docs/monitoring/* "$doc/examples/"
install -m 644 "$top/LICENSE" "$doc/copyright"
install -D -m 644 "$here/lintian-overrides" "$root/usr/share/lintian/overrides/tldops-bot"
who="${DEBFULLNAME:-The makers of tldops-bot} <${DEBEMAIL:-tldops-bot@localhost}>"
gzip -9n < "$top/CHANGELOG.md" > "$doc/changelog.gz"
gzip -9n > "$doc/changelog.Debian.gz" <<END
tldops-bot ($version-1) stable; urgency=medium

  * Version $version; what is new in it stands in changelog.gz.

 -- $who  $(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")
END
for page in "$top"/docs/man/*.[1-8]; do
    [ -e "$page" ] || continue
    folder="$root/usr/share/man/man${page##*.}"
    mkdir -p "$folder"
    gzip -9n < "$page" > "$folder/$(basename "$page").gz"
done

# As Debian counts: the files in whole KiB, and one for whatever else there is.
size=$(find "$root" -printf '%y %s\n' | awk '{ kib += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print kib }')
mkdir -p "$root/DEBIAN"
sed -e "s/@VERSION@/$version-1/" -e "s/@ARCHITECTURE@/$(dpkg --print-architecture)/" \
    -e "s/@MAINTAINER@/$who/" \
    -e "s/@SIZE@/$size/" \
    -e "s/@PYTHON@/$python/" -e "s/@NEXT_PYTHON@/3.$((${python#3.} + 1))/" \
    "$here/control" > "$root/DEBIAN/control"
for script in postinst prerm postrm; do
    install -m 755 "$here/$script" "$root/DEBIAN/$script"
done
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) > "$root/DEBIAN/md5sums"
chmod 644 "$root/DEBIAN/control" "$root/DEBIAN/md5sums"
chmod -R u=rwX,go=rX "$root"
dpkg-deb --root-owner-group -Zxz "-z${COMPRESSION:-6}" --build "$root" "$out" >/dev/null
echo "$out/tldops-bot_$version-1_$(dpkg --print-architecture).deb"
