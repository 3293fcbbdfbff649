#!/bin/bash
# try_unit.sh PACKAGE.deb: is the service up when systemd runs it, with all that the unit forbids it?
# Boots a systemd of its own in namespaces, on a layer above this machine that is gone afterwards; installs the
# package there, runs `init`, starts service and socket, hands a mail in, sees a key checked and the pages shown, has
# `demo` play everything under the same prohibitions, up to the roster's files, restarts. As root, on Debian.
set -euo pipefail
package=$(realpath "$1")
here=$(mktemp -d /var/tmp/unit.XXXXXX)
unified=/sys/fs/cgroup
[ -e $unified/cgroup.procs ] || unified=/sys/fs/cgroup/unified
group=$unified/tldops-try-$$
trap 'sleep 1; rm -rf "$here"; for one in $(seq 50); do find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break; sleep 0.2; done' EXIT
mkdir "$group" "$here/layer" "$here/said"
cp "$package" "$here/said/package.deb"

cat > "$here/said/report" <<'END'
exec > /srv/said/transcript 2>&1
set -x
systemctl --no-pager --full status tldops-bot.service tldops-bot.socket
python3 -c "
import smtplib
with smtplib.SMTP('127.0.0.1', 8025, timeout=60) as client:
    print(client.sendmail('ann@nic.example', ['desk@ops.example'], 'From: ann@nic.example\r\n\r\nHELP\r\n'))
"
for one in $(seq 60); do tldops-bot inbox list --json | grep -q '"done"' && break; sleep 1; done
tldops-bot inbox list
for one in $(seq 60); do runuser -u tldops -- python3 /srv/said/checked.py && break; sleep 1; done
timeout 180 systemctl start everything.service
journalctl --no-pager --unit everything.service --output cat
systemctl restart tldops-bot.service
grep -E '^(Seccomp|NoNewPrivs|CapBnd):' /proc/"$(systemctl show --property MainPID --value tldops-bot)"/status
journalctl --no-pager --unit tldops-bot.service
journalctl --unit everything.service | grep -q 'Everything came out as told' &&
    runuser -u tldops -- python3 /srv/said/checked.py &&
    python3 -c "
import urllib.request
for page in ('healthz', 'metrics'):
    print(urllib.request.urlopen(f'http://127.0.0.1:9125/{page}', timeout=60).status)
" &&
    tldops-bot inbox list --json | grep -q '"done"' && systemctl is-active tldops-bot.service && echo ALL WELL
END

cat > "$here/said/checked.py" <<'END'
import sqlite3
session = sqlite3.connect("file:/var/lib/tldops-bot/tldops.sqlite?mode=ro", uri=True)
raise SystemExit(not session.execute("SELECT 1 FROM certificates WHERE length(keyring) > 0").fetchall())
END

cat > "$here/said/boot" <<'END'
set -euo pipefail
here=$1
mount --make-rprivate /
mount -t tmpfs -o mode=755 none "$here/layer"
cd "$here/layer" && mkdir upper work root
mount -t overlay overlay -o "lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work" root
cd root
mount -t proc none proc
mount -t sysfs -o ro none sys
mount -t tmpfs none sys/fs/cgroup && mount -t cgroup2 none sys/fs/cgroup
mount --bind /dev dev
mount -t tmpfs -o mode=755 none run
mount -t tmpfs -o mode=1777 none tmp
mkdir -p srv/said srv/before && mount --bind "$here/said" srv/said
ip link set lo up
pivot_root . srv/before
umount -l /srv/before
dpkg --no-triggers --install /srv/said/package.deb >/dev/null
tldops-bot init --list-address desk@ops.example >/dev/null
printf '%s\n' '[metrics]' 'listen = "127.0.0.1:9125"' >> /etc/tldops-bot/config.toml
carol=$(mktemp -d)
gpg --homedir "$carol" --batch --quiet --passphrase "" --quick-generate-key "Carol Example <carol@committee.example>" \
    default default never
gpg --homedir "$carol" --export > /srv/carol.pgp
tldops-bot committee add --key /srv/carol.pgp "Carol Example" carol@committee.example
gpgconf --homedir "$carol" --kill all
runuser -u tldops -- gpgconf --homedir /var/lib/tldops-bot/gnupg --kill all
rm -rf /etc/systemd/system/*
printf '%s\n' '[Unit]' 'Wants=systemd-journald.service tldops-bot.service tldops-bot.socket report.service' \
    > /etc/systemd/system/try.target
printf '%s\n' '[Unit]' 'After=tldops-bot.service' '[Service]' 'Type=oneshot' 'TimeoutStartSec=8min' \
    'ExecStart=/bin/bash /srv/said/report' 'ExecStopPost=/bin/kill -s RTMIN+3 1' > /etc/systemd/system/report.service
sed -e 's/^Type=.*/Type=oneshot/' -e 's/^ExecStart=.*/ExecStart=tldops-bot demo/' \
    -e '/^\(NotifyAccess\|WatchdogSec\|Restart\|RuntimeDirectory\)/d' /lib/systemd/system/tldops-bot.service \
    > /etc/systemd/system/everything.service
exec env -i container=other PATH="$PATH" /lib/systemd/systemd --unit=try.target --log-target=kmsg --show-status=no
END

(echo "$BASHPID" > "$group/cgroup.procs"
timeout --kill-after=5 600 unshare --fork --kill-child --pid --mount --uts --ipc --net --cgroup \
    bash "$here/said/boot" "$here" > "$here/said/console" 2>&1) || true
cat "$here/said/transcript" 2>/dev/null || cat "$here/said/console"
grep -q '^ALL WELL$' "$here/said/transcript"
