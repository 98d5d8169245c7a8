#!/bin/sh
# Run as root where systemd is the first process and the package is installed: the units of the system and of a user.
set -eu
partition=apps/billing/orders/0
unit=checkpointfs@orders.service

profile() {
    mkdir -p "$(dirname "$1")"
    printf 'MOUNTPOINT=%s\nSOURCE=%s\nOPTIONS=%s\n' "$2" "$3" "$4" >"$1"
}

# expect WANTED COMMAND...
expect() {
    wanted=$1
    shift
    got=$("$@" 2>&1) || :
    [ "$got" = "$wanted" ] || {
        echo "$*: got \"$got\", expected \"$wanted\"" >&2
        journalctl --no-pager -n 30 -o cat >&2 || :
        exit 1
    }
}

eventually() {
    for _ in $(seq 150); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.2
    done
    echo "never came true: $*" >&2
    exit 1
}

is_dead() {
    ! ls /srv/orders
}

profile /etc/checkpointfs/orders.conf /srv/orders local:/var/lib/checkpointfs/orders.db allow_other
printf 'MOUNTPOINT=/srv/two\nSOURCE=local:/var/lib/checkpointfs/two.db\n' >/etc/checkpointfs/two.conf

systemctl start checkpointfs@orders checkpointfs@two
expect 'active active' sh -c "echo \$(systemctl is-active checkpointfs@orders checkpointfs@two)"
mkdir -p "/srv/orders/$partition"
echo 42 >"/srv/orders/$partition/checkpoint"
expect 42 setpriv --reuid=65534 --clear-groups cat "/srv/orders/$partition/checkpoint"
expect 700 stat -c %a /var/lib/checkpointfs
echo 'two mounts can be used when they are ready, and are seen by all'

systemctl reload checkpointfs@orders
expect active systemctl is-active checkpointfs@orders
kill -KILL "$(systemctl show -P MainPID $unit)"
eventually grep -q 42 "/srv/orders/$partition/checkpoint"
expect 1 systemctl show -P NRestarts $unit
systemctl stop checkpointfs@orders
expect '' findmnt /srv/orders
echo 'reloads; is there again when it was killed; stops'

checkpointfs local:/var/lib/checkpointfs/orders.db /srv/orders
kill -KILL "$(pgrep -f '^checkpointfs local:.* /srv/orders')"
eventually is_dead
systemctl start checkpointfs@orders
expect 42 cat "/srv/orders/$partition/checkpoint"
systemctl stop checkpointfs@orders
checkpointfs local:/var/lib/checkpointfs/orders.db /srv/orders
! systemctl start checkpointfs@orders 2>/dev/null || exit 1
systemctl stop checkpointfs@orders
expect 42 cat "/srv/orders/$partition/checkpoint"
umount /srv/orders
echo 'unmounts a dead mount, and leaves one of somebody else alone'

profile /etc/checkpointfs/orders.conf /srv/orders '' listing=x
! systemctl start checkpointfs@orders 2>/dev/null || exit 1
sleep 6
expect 'failed 0' sh -c "echo \$(systemctl is-active $unit) \$(systemctl show -P NRestarts $unit)"
echo 'does not try a wrong command line again'

profile /etc/checkpointfs/dis.conf /srv/dis dis://127.0.0.1:1/project lazy,credentials=dis,region=eu-de
mkdir -p /etc/credstore
printf 'HUAWEICLOUD_SDK_AK=access\nHUAWEICLOUD_SDK_SK=secret\n' >/etc/credstore/checkpointfs.dis
chmod 600 /etc/credstore/checkpointfs.dis
systemctl start checkpointfs@dis || journalctl --no-pager -n 5 -o cat
expect active systemctl is-active checkpointfs@dis
systemctl stop checkpointfs@dis
echo 'has its credentials from /etc/credstore'

useradd --create-home --shell /bin/sh user
profile /home/user/.config/checkpointfs/mine.conf mine '' ''
chown -R user: /home/user
loginctl enable-linger user
eventually test -S "/run/user/$(id -u user)/systemd/private"
as_user() {
    setpriv --reuid=user --regid=user --init-groups env HOME=/home/user "XDG_RUNTIME_DIR=/run/user/$(id -u user)" "$@"
}
as_user systemctl --user start checkpointfs@mine
as_user mkdir -p "/home/user/mine/$partition"
kill -KILL "$(as_user systemctl --user show -P MainPID checkpointfs@mine)"
eventually as_user ls "/home/user/mine/$partition"
as_user systemctl --user stop checkpointfs@mine
expect '' findmnt /home/user/mine
echo 'the same for a user'

systemctl start checkpointfs@two
apt-get purge -y -qq checkpointfs >/dev/null 2>&1
expect '' findmnt -t fuse.checkpointfs
echo 'a purge ends what was mounted'
