#!/usr/bin/env bash
# Makes the golden bundle of the present edition anew, before a release alone: afterwards a change of
# what a run derives raises BundleShape.edition, and the bundles of earlier editions stay.
# usage: make.sh PATH-OF-ROTACTL
set -euo pipefail
rotactl=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here/../../.."
"$rotactl" keys new "$work/edition-1.pem" --no-passphrase >/dev/null
HOME=$work "$rotactl" drill manifests/example.csv --reports "$work" --run-id edition-1 \
  --incident INC-1 --reason "golden bundle" --signing-key "$work/edition-1.pem" --progress none
cp "$work"/edition-1.tar.gz "$work"/edition-1.tar.gz.sha256 "$work"/edition-1.pem.pub "$here"
